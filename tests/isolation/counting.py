"""How many cells there are, and which of them every run of the tests walks."""

import os

from tests.isolation.frames import SOCKETS
from tests.isolation.outcomes import REFUSED, outcome
from tests.isolation.routes import table
from tests.isolation.values import OTHER_TENANTS, RANDOM, SHAPES

ALL = os.environ.get("ISOLATION_CELLS") == "all"
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


def cells_to_walk(route):
    return [cell for cell in route.cells() if ALL or is_walked(route, *cell)]


def is_walked(route, parameter, value, caller):
    """Whoever is refused at the door is so before the ids are read: two of them will do.

    And of what once was good only whether it is refused.
    """
    if parameter is None:
        return True
    if outcome(route, parameter, value, caller) == REFUSED:
        return value in (OTHER_TENANTS, RANDOM) and caller.is_current
    return value not in SHAPES or caller.name in SPEAKERS
