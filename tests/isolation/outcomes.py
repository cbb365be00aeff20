"""What must come of one cell: a table would have tens of thousands of lines, this is its rule."""

from tests.isolation.callers import IN, MEMBERS, TEAM, reception
from tests.isolation.callers import PAGES as KNOWN_PAGES
from tests.isolation.values import (
    DELETED,
    EMPTY,
    NULL,
    OTHER_DOORS,
    OTHER_TENANTS,
    OTHER_VISITORS,
    OWN,
    VISITORS,
)

# Let in with what is theirs; told that there is no such thing; taken by a name that anybody may
# give; sent away whatever they ask for; or known by a secret as somebody else, and no more.
LET_IN, MISSING, FREE, REFUSED, SOMEBODY_ELSE = "in", "missing", "free", "refused", "else"
# These belong to the conversation that is named beside them.
NESTED = {"call", "approvable", "message", "integration token"}
BLITS_PEOPLE = {"served", "paged", "other_paged"}
SERVERS = {"server", "other server"}
PAGES = {*KNOWN_PAGES, "nobody"}
# Whose secrets are good at their own tenant's doors.
SECRETS = (OWN, OTHER_VISITORS, OTHER_DOORS)


def outcome(route, parameter, value, caller):
    """One of the words above, for the caller who shows this value for this parameter."""
    at_door = reception(route.door, caller)
    if parameter is not None and parameter.kind == "widget":
        return _at_a_widget(route, value, caller, at_door)
    is_secret = parameter is not None and parameter.kind == "secret"
    if at_door != IN:
        # A page by itself has no session; a visitor's secret is the way into one.
        is_way_in = route.door == "visitor" and caller.role in KNOWN_PAGES and value in SECRETS
        return SOMEBODY_ELSE if is_secret and is_way_in else REFUSED
    if is_secret and caller.role in PAGES:
        return _with_a_secret(route, value, caller)
    if _has_no_conversation(route, caller):
        return MISSING
    if parameter is None:
        return LET_IN
    if is_secret:
        return _with_a_secret(route, value, caller)
    if value == DELETED and route.name.endswith("/logout"):
        # To end again what has ended is no error.
        return SOMEBODY_ELSE
    if _is_free(route, parameter, caller):
        return FREE
    if value in (NULL, EMPTY) and parameter.is_nullable:
        return LET_IN if value == NULL else FREE
    return LET_IN if _reaches(route, parameter, value, caller) else MISSING


def _has_no_conversation(route, caller):
    """Whether the route is about a Blits conversation, of which the caller has none."""
    speaks_blits = caller.role == "server" or caller.person in BLITS_PEOPLE
    return route.is_blits and "<str:conversation_id>" in route.name and not speaks_blits


def _is_free(route, parameter, caller):
    """Whether it is but a name here, or is not looked at at all."""
    if parameter.is_free or parameter.kind == "key":
        return True
    if parameter.kind == "label":
        return not caller.person
    if parameter.kind == "user":
        return caller.role != "server"
    acts_as_themselves = not route.name.endswith("/assign")
    return parameter.name == "memberId" and caller.role in MEMBERS and acts_as_themselves


def _reaches(route, parameter, value, caller):
    kind, is_nested = parameter.kind, parameter.kind in NESTED
    if value == OTHER_VISITORS:
        return not is_nested and (caller.role in TEAM or caller.role == "server")
    if value == OTHER_DOORS:
        return not is_nested and caller.role in TEAM
    if value != OWN:
        return False
    if route.is_blits and kind in VISITORS:
        return caller.role == "server" or caller.person in BLITS_PEOPLE
    return kind != "unsent" or bool(caller.person)


def _at_a_widget(route, value, caller, at_door):
    """A widget that does not exist comes before everything else; one that does is public."""
    if value == OWN:
        return LET_IN if at_door == IN else REFUSED
    if value != OTHER_TENANTS:
        return MISSING
    is_open = route.door == "public" or (route.door == "config" and not caller.token)
    return SOMEBODY_ELSE if is_open else REFUSED


def _with_a_secret(route, value, caller):
    """Whoever shows another visitor's secret is that visitor, and sees nothing of their own."""
    if caller.role in SERVERS:
        return FREE
    if value == OWN and caller.person:
        return LET_IN
    if value in SECRETS:
        return SOMEBODY_ELSE
    is_needed = route.door == "visitor" or "<str:conversation_id>" in route.name
    return FREE if value in (NULL, EMPTY) and not is_needed else MISSING
