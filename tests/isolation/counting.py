"""How many cells there are, and which of them every run of the tests walks."""

import os

from tests.isolation.frames import SOCKETS
from tests.isolation.outcomes import REFUSED, outcome
from tests.isolation.routes import table
from tests.isolation.values import OTHER_TENANTS, OTHER_VISITORS, OWN, RANDOM

ALL = os.environ.get("ISOLATION_CELLS") == "all"
SOMEBODYS = (OWN, OTHER_TENANTS, OTHER_VISITORS, RANDOM)
# Of the callers that a door treats alike, one tries what is no id at all.
SPEAKERS = {
    "nobody",
    "a visitor",
    "a page",
    "a Blits visitor",
    "a server",
    "a key",
    "an owner",
}


def routes_all():
    return sum(len(route.cells()) for route in table().values())


def routes_walked():
    return sum(is_walked(route, *cell) for route in table().values() for cell in route.cells())


def sockets_all():
    return sum(len(socket.cells()) for socket in SOCKETS.values())


def sockets_walked():
    return sum(is_said(*cell) for socket in SOCKETS.values() for cell in socket.cells())


def cells_to_say(socket):
    return [cell for cell in socket.cells() if ALL or is_said(*cell)]


def cells_to_walk(route):
    return [cell for cell in route.cells() if ALL or is_walked(route, *cell)]


def is_walked(route, parameter, value, caller):
    """Who is refused is so before the ids are read; two of one parameter show that.

    Of what once was good only whether it is refused, and of callers that a door treats alike all
    values by one.
    """
    if parameter is None:
        return True
    if parameter.kind == "widget" and caller.name not in _speakers_of_widgets(value):
        return False
    if outcome(route, parameter, value, caller) == REFUSED:
        is_last = parameter is route.parameters[-1]
        return value in (OTHER_TENANTS, RANDOM) and caller.is_current and is_last
    return value in SOMEBODYS or caller.name in _speakers_of_no_ids(route)


def _speakers_of_widgets(value):
    """A widget is looked for before anything of the caller's is; two try what is no id at all."""
    return SPEAKERS if value in SOMEBODYS else {"nobody", "a visitor"}


def _speakers_of_no_ids(route):
    """At the doors of visitors, one of Blits's is a visitor like any other."""
    return SPEAKERS if route.is_blits else SPEAKERS - {"a Blits visitor"}


def is_said(frame, name, value, speaker):
    """The other tenant's people are the same as ours, and need not try everything."""
    return speaker.world == "acme" or value in (OWN, OTHER_TENANTS, RANDOM)
