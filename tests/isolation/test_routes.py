"""Every route, with every id in every place, by every caller."""

import logging

import pytest
from django.test import override_settings

import livechat.asgi
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.in_process import stop
from tests.isolation import outcomes
from tests.isolation.callers import IN, reception
from tests.isolation.counting import cells_to_walk
from tests.isolation.knocking import Knock, verdict
from tests.isolation.one_hop import OneHop
from tests.isolation.outcomes import MISSING, REFUSED, SOMEBODY_ELSE, outcome
from tests.isolation.reading import Reading
from tests.isolation.routes import PLAIN, ROUTES, table
from tests.isolation.values import EMPTY, FOREIGN, OWN, RANDOM
from tests.isolation.worlds import QUICK, World


@pytest.fixture(scope="module")
def reading():
    with pytest.MonkeyPatch.context() as patch:
        yield Reading(patch)


@pytest.fixture(scope="module")
def worlds(analyst):  # noqa: F811 -- the fixture
    with pytest.MonkeyPatch.context() as patch, override_settings(PASSWORD_HASHERS=QUICK):
        patch.setattr("django.conf.settings.CHAT_WAIT_SECONDS", 0)
        patch.setattr(livechat.asgi.handlers, "other", OneHop())
        patch.setattr(logging.getLogger("livechat.access"), "disabled", True)
        made = {name: World(name) for name in ("acme", "globex", "suspended")}
        made["suspended"].suspend()
        yield made
        stop()
        for world in made.values():
            world.close()


@pytest.fixture(scope="module")
def canaries(worlds):
    return {name: world.canaries() for name, world in worlds.items()}


@pytest.mark.parametrize("name", ROUTES)
def test_nobody_gets_at_what_is_not_theirs(worlds, canaries, reading, name):
    route, reading.where = table()[name], name
    knocks = [Knock(worlds, route, *cell, outcome(route, *cell)) for cell in cells_to_walk(route)]
    asking, acting = [], []
    for knock in knocks:
        (asking if knock.outcome in (REFUSED, MISSING) else acting).append(knock)

    before = rows_of(worlds)
    verdicts = {knock: answered(knock, canaries) for knock in asking}
    assert rows_of(worlds) == before
    assert told_apart(verdicts) == []

    for world in worlds:
        theirs = [one for one in acting if one.caller.world == world and not one.is_elsewhere]
        if not theirs:
            continue
        before = rows_of(worlds, but=world)
        for knock in theirs:
            answered(knock, canaries)
        assert rows_of(worlds, but=world) == before
    for knock in acting:
        if knock.is_elsewhere:
            answered(knock, canaries)


def told_apart(verdicts):
    """Ids that are somebody's and are answered otherwise than one that is nobody's."""
    of_nobody = {
        (knock.parameter, knock.caller): verdict
        for knock, verdict in verdicts.items()
        if knock.value == RANDOM
    }
    return [
        (told(knock), verdict)
        for knock, verdict in verdicts.items()
        if knock.parameter is not None
        and knock.value in FOREIGN
        # The id of a widget is in every page that shows one.
        and knock.parameter.kind != "widget"
        and verdict != of_nobody[knock.parameter, knock.caller]
    ]


def rows_of(worlds, but=""):
    return {name: world.fingerprint() for name, world in worlds.items() if name != but}


def answered(knock, canaries):
    """The verdict on one cell, which must be as the rule says and say nothing of anybody else."""
    answer = knock.answer()
    assert answer.status in statuses(knock), (told(knock), answer.status, answer.content[:300])
    text = answer.content.decode("latin-1")
    leaked = [one for one in strangers(knock, canaries, answer.status) if one in text]
    assert not leaked, (told(knock), text)
    return verdict(answer)


def told(knock):
    parameter = knock.parameter and f"{knock.parameter.where} {knock.parameter.name}"
    return knock.route.name, parameter, knock.value, knock.caller.name, knock.outcome


def statuses(knock):
    route, parameter, value = knock.route, knock.parameter, knock.value
    match knock.outcome:
        case outcomes.REFUSED:
            if parameter is not None and parameter.where == "path" and value == EMPTY:
                return {404, 405}
            at_door = reception(route.door, knock.caller)
            return {401 if at_door == IN else at_door}
        case outcomes.LET_IN:
            return set(route.success)
        case outcomes.FREE:
            # A key that was used for something else is a conflict.
            return {*route.success, 400, 409}
        case outcomes.SOMEBODY_ELSE:
            return {*route.success, 400, 401, 404}
    if parameter is None:
        return {404}
    if value in FOREIGN:
        return {parameter.missing}
    return {parameter.missing, 400, *({405} if parameter.where == "path" else ())}


def strangers(knock, canaries, status):
    """Whose canaries the caller may not see."""
    everybody = set().union(*canaries.values())
    if status >= 400:
        return everybody
    world = knock.world
    theirs = {world.canary}
    if knock.caller.is_team or knock.outcome == SOMEBODY_ELSE:
        theirs = canaries[knock.caller.world]
    elif knock.caller.role == "server":
        theirs |= {world.served.canary, world.paged.canary, world.other_paged.canary}
    elif knock.caller.person:
        theirs.add(getattr(world, knock.caller.person).canary)
    return everybody - theirs


@pytest.fixture
def all_read(worlds, reading):
    """What was read of the bodies of every route, also where no other test has asked for it."""
    for name, route in table().items():
        if route.body and name not in reading.names:
            reading.where = name
            for caller in route.callers:
                Knock(worlds, route, None, OWN, caller, outcome(route, None, OWN, caller)).answer()
    return reading.names


def test_bodies_hold_nothing_that_is_not_in_the_table(all_read):
    plain = {name for place, name in PLAIN if place == "body"}
    unknown = {
        name: names - plain - {one.name for one in table()[name].parameters}
        for name, names in all_read.items()
    }

    # A file's body is no JSON.
    assert {
        name for name, route in ROUTES.items() if route.body.keys() - {"file"}
    } <= all_read.keys()
    assert {name: names for name, names in unknown.items() if names} == {}
