"""Who knocks over HTTP, and what each kind of door lets them do."""

from dataclasses import dataclass

IN, UNAUTHORIZED, FORBIDDEN = "in", 401, 403


@dataclass(frozen=True)
class Caller:
    """Somebody with a token of a world's, and with a session secret if they have one.

    ``world`` and ``person`` say whose ids are theirs; ``role`` what they are to a door.
    """

    name: str
    token: str = ""
    role: str = "stranger"
    world: str = "acme"
    person: str = ""

    @property
    def is_current(self):
        """Whether the token is worth something somewhere."""
        return self.token not in ENDED and self.world != "suspended"

    @property
    def is_team(self):
        return self.role in TEAM


MEMBERS = {"owner", "admin", "agent"}
TEAM = {*MEMBERS, "key"}
ENDED = (
    *(f"{end} {kind}" for end in ("revoked", "expired") for kind in (
        "widget token", "bubble token", "API token", "API key", "web-integration token",
    )),
    "ended log-in",
    "expired log-in",
    "log-in of a member who left",
    "log-in from before a change of role",
    "refresh token",
)  # fmt: skip
CALLERS = (
    Caller("nobody", role="nobody"),
    Caller("somebody with nonsense", "nonsense"),
    Caller("somebody with a forged token", "forged"),
    Caller("a visitor", "widget token", "visitor", person="mine"),
    Caller("a visitor by the bubble token", "bubble token", "blits visitor", person="mine"),
    Caller("another visitor", "widget token", "visitor", person="other"),
    Caller("a page", "widget token", "page"),
    Caller("a page by the bubble token", "bubble token", "blits page"),
    Caller("a Blits visitor", "bubble token", "blits visitor", person="paged"),
    Caller("another Blits visitor", "bubble token", "blits visitor", person="other_paged"),
    Caller("a server", "API token", "server", person="served"),
    Caller("another assistant's server", "API token of another assistant", "other server"),
    Caller("a key", "API key", "key"),
    Caller("a key without scopes", "API key without scopes", "bare key"),
    Caller("a web integration", "web-integration token", "integration"),
    Caller("a session's secret as a token", "session secret"),
    *(Caller(f"an {role}", role, role) for role in ("owner", "admin", "agent")),
    Caller("the other tenant's visitor", "widget token", "visitor", "globex", "mine"),
    Caller("the other tenant's Blits visitor", "bubble token", "blits visitor", "globex", "paged"),
    Caller("the other tenant's server", "API token", "server", "globex", "served"),
    Caller("the other tenant's key", "API key", "key", "globex"),
    Caller("the other tenant's owner", "owner", "owner", "globex"),
    *(Caller(f"somebody with a {token}", token, person="mine") for token in ENDED),
    *(
        Caller(f"a suspended tenant's {token}", token, f"suspended {role}", "suspended", person)
        for token, role, person in (
            ("owner", "member", ""),
            ("API key", "key", ""),
            ("widget token", "widget", "mine"),
            ("bubble token", "bubble", "paged"),
            ("API token", "server", "served"),
        )
    ),
)

WITH_KEYS = {"suspended member": FORBIDDEN, "suspended key": FORBIDDEN}
WITH_TOKENS = {"suspended widget": FORBIDDEN, "suspended bubble": FORBIDDEN}
VISITORS, PAGES = {"visitor", "blits visitor"}, {"page", "blits page"}
OF_MEMBERS = dict.fromkeys(MEMBERS, IN)
TEAMS = {**WITH_KEYS, **OF_MEMBERS, "key": IN, "bare key": FORBIDDEN}
# What each role is answered at a door, if it is not 401.
DOORS = {
    "public": {},
    "config": {
        "nobody": IN,
        "visitor": IN,
        "page": IN,
        "blits visitor": IN,
        "blits page": IN,
        **WITH_TOKENS,
    },
    "visitor": {"visitor": IN, "blits visitor": IN, **WITH_TOKENS},
    "page": {"visitor": IN, "blits visitor": IN, "page": IN, "blits page": IN, **WITH_TOKENS},
    "team": TEAMS,
    "me": {**TEAMS, "bare key": IN},
    "members": {**WITH_KEYS, **OF_MEMBERS, "key": FORBIDDEN, "bare key": FORBIDDEN},
    "admins": {**TEAMS, "agent": FORBIDDEN},
    "blits": {
        "server": IN,
        "other server": IN,
        "blits visitor": IN,
        "blits page": IN,
        "suspended server": FORBIDDEN,
        **WITH_TOKENS,
    },
    "blits servers": {
        "server": IN,
        "other server": IN,
        "blits visitor": FORBIDDEN,
        "blits page": FORBIDDEN,
        "suspended server": FORBIDDEN,
        **WITH_TOKENS,
    },
}


def reception(door, caller):
    """``IN``, or the status with which this door refuses this caller whatever they ask for."""
    if door == "public":
        return IN
    return DOORS[door].get(caller.role, UNAUTHORIZED)
