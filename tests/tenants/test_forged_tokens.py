"""A signed token that is not exactly one of ours opens nothing, at any door that reads one."""

import time

import pytest
from django.test import Client

from tenants import credentials, sessions, tokens
from tenants.credentials import Kind
from tenants.errors import LiveChatError
from tenants.ids import uuid7
from tenants.keys import keys_for
from tests.factories import PASSWORD, make_member, make_tenant
from tests.tenants.forging import claims_of, signed, without_the_key

TYPES = {
    "access": tokens.ACCESS,
    "refresh": tokens.REFRESH,
    "bubble": tokens.BUBBLE,
    "api": tokens.API,
}


class Bearer:
    """A member and the credentials of one tenant: a good token for each door."""

    def __init__(self, tenant):
        pair = sessions.log_in(email=make_member(tenant).user.email, password=PASSWORD)
        self.tokens = {"access": pair.access, "refresh": pair.refresh}
        for name, kind in (("bubble", Kind.BUBBLE_TOKEN), ("api", Kind.API_TOKEN)):
            self.tokens[name] = credentials.issue(tenant, kind, subject_id=uuid7()).secret


def knock(door, text):
    """What a door says: nothing if it opens, else the code of its refusal."""
    try:
        if door == "access":
            sessions.verify_access(text)
        elif door == "refresh":
            sessions.refresh(text)
        else:
            kind = {"bubble": Kind.BUBBLE_TOKEN, "api": Kind.API_TOKEN}[door]
            credentials.verify(text, kinds=[kind])
    except LiveChatError as error:
        return error.code
    return None


def with_the_key(door, text, other):
    """What only we could sign, and never do: it proves that each claim is looked at."""
    token_type = TYPES[door]
    key, claims, now = keys_for(f"jwt:{token_type.audience}")[0], claims_of(text), int(time.time())
    head = {"alg": "HS256", "typ": "JWT"}
    wrong = {
        "another audience": {"aud": "elsewhere"},
        "a list of audiences": {"aud": ["elsewhere", "nowhere"]},
        "no audience": {"aud": None},
        "another type": {"typ": "other"},
        "a type in a list": {"typ": [token_type.name]},
        "expired": {"exp": now - 6},
        "expired long ago": {"exp": 1},
        "an end that is none": {"exp": "soon"},
        "an end out of reach": {"exp": 1e400},
        "not yet": {"nbf": now + 60},
        "made in the future": {"iat": now + 60},
        "nobody's row": {"sid" if "sid" in claims else "jti": str(uuid7())},
    }
    if "tenant" in claims:
        wrong["another tenant"] = {"tenant": claims_of(other)["tenant"]}
    found = {name: signed(head, {**claims, **change}, key) for name, change in wrong.items()}
    for name in ("aud", "typ"):
        fewer = {key: value for key, value in claims.items() if key != name}
        found[f"without {name}"] = signed(head, fewer, key)
    found["an extension that must be understood"] = signed(
        {**head, "crit": ["b64"], "b64": False}, claims, key
    )
    found["a stronger algorithm"] = signed({**head, "alg": "HS512"}, claims, key, "sha512")
    return found


@pytest.fixture(scope="module")
def bearers(database):
    return Bearer(make_tenant("Acme")), Bearer(make_tenant("Globex"))


@pytest.mark.parametrize("door", TYPES)
def test_a_door_opens_to_its_own_token_alone(bearers, door):
    ours, theirs = bearers

    opened = {name for name, text in ours.tokens.items() if knock(door, text) is None}

    assert opened == {door}
    assert knock(door, theirs.tokens[door]) is None


@pytest.mark.parametrize("door", TYPES)
def test_forgeries_open_nothing_and_are_told_apart_by_nobody(bearers, door):
    ours, theirs = (bearer.tokens[door] for bearer in bearers)
    forged = without_the_key(ours, theirs) | with_the_key(door, ours, theirs)

    said = {name: knock(door, text) for name, text in forged.items()}

    assert {name: code for name, code in said.items() if code != "invalid_credentials"} == {}
    assert len(said) >= 45
    assert tokens.read(ours, token_type=TYPES[door])


@pytest.mark.parametrize("door", ["access", "bubble", "api"])
def test_clocks_may_differ_by_five_seconds(bearers, door):
    text = bearers[0].tokens[door]
    key, now = keys_for(f"jwt:{TYPES[door].audience}")[0], int(time.time())
    head, claims = {"alg": "HS256", "typ": "JWT"}, claims_of(text)

    late = signed(head, {**claims, "exp": now - 3}, key)
    early = signed(head, {**claims, "nbf": now + 3, "iat": now + 3}, key)

    assert (knock(door, late), knock(door, early)) == (None, None)


@pytest.mark.parametrize(
    ("door", "path"),
    [
        ("access", "/api/me"),
        ("bubble", "/api/widgets/{}/conversations"),
        ("api", "/api/external/settings/x"),
    ],
)
def test_over_http_a_forgery_is_401_and_never_an_error_of_ours(bearers, acme, door, path):
    ours, theirs = (bearer.tokens[door] for bearer in bearers)
    path = path.format(acme.id)

    for name, text in without_the_key(ours, theirs).items():
        if text.isascii() and text.isprintable():
            answer = Client(headers={"Authorization": f"Bearer {text}"}).get(path)
            assert answer.status_code == 401, name
            assert text not in answer.content.decode()
