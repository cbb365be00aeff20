"""Every socket, with every id in every frame, by everybody whom it lets in; and by all others."""

import json

import pytest
from django.test import override_settings

from tests.in_process import run, stop
from tests.isolation import values
from tests.isolation.callers import ENDED
from tests.isolation.counting import cells_to_say
from tests.isolation.frames import SOCKETS
from tests.isolation.lines import connected, is_error
from tests.isolation.reading import Reading
from tests.isolation.values import FOREIGN, NULL, OWN, RANDOM
from tests.isolation.worlds import QUICK, World

SERVERS = {"served", "led", "dialled"}


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def reading(patch):
    return Reading(patch)


@pytest.fixture(scope="module")
def worlds(database, patch):
    with override_settings(PASSWORD_HASHERS=QUICK):
        # Sockets count their frames, and would refuse before anything else is looked at.
        patch.setattr("realtime.consumer.Window.hit", lambda window: True)
        made = {name: World(name) for name in ("acme", "globex", "suspended")}
        for world in made.values():
            world.admit_vendors()
        made["suspended"].suspend()
        yield made
        stop()
        for world in made.values():
            world.close()


class Saying:
    """One cell in these worlds: who says which frame, with which value in which field."""

    def __init__(self, worlds, socket, frame, name, value, speaker):
        self.worlds, self.socket, self.frame, self.name = worlds, socket, frame, name
        self.value, self.speaker = value, speaker
        self.kind = socket.frames[frame].get(name)
        self.world = worlds[speaker.world]
        self.person = getattr(self.world, speaker.person)

    def __str__(self):
        return f"{self.frame} {self.name}: {self.value}, {self.speaker.name}"

    @property
    def is_elsewhere(self):
        """With the other tenant's token one is at the other tenant, by right."""
        is_token = self.kind == "token" and bool(self.speaker.token)
        return is_token and self.value == values.OTHER_TENANTS

    @property
    def opens(self):
        return self.frame == self.socket.first

    @property
    def is_free(self):
        """Whether it is a name that anybody may give, or is not looked at."""
        is_server = self.speaker.person in SERVERS
        is_somebody_else = self.value in (values.OTHER_VISITORS, values.OTHER_DOORS)
        return (
            self.kind == "key"
            or (self.kind == "user" and not is_server)
            or (self.kind == "secret" and (is_server or is_somebody_else))
            or self.name == "request.agentId"
            # A guest has no key, at no tenant.
            or (self.kind == "token" and self.value == values.OTHER_TENANTS)
            # On the socket that has proved it, the session needs no secret any more.
            or (self.kind == "secret" and "command" in self.socket.plain and not self.opens)
            # Nobody hears what is spoken yet.
            or self.frame == "audio"
            or self.value in (NULL, values.EMPTY)
        )

    @property
    def is_refused(self):
        if self.value == OWN or self.is_free or self.is_elsewhere:
            return False
        whose = {
            values.OTHER_VISITORS: self.socket.others.get(self.speaker.person),
            values.OTHER_DOORS: self.socket.elsewhere,
        }
        return whose.get(self.value) not in self.speaker.sees

    def shown(self):
        own = self._id(self.world, self.speaker.person)
        neighbour = self.worlds["acme" if self.speaker.world == "globex" else "globex"]
        match self.value:
            case values.OWN:
                return own
            case values.OTHER_TENANTS:
                return self._id(neighbour, self.speaker.person)
            case values.OTHER_VISITORS:
                return self._id(self.world, self.socket.others[self.speaker.person])
            case values.OTHER_DOORS:
                return self._id(self.world, self.socket.elsewhere)
            case values.DELETED:
                return self._gone()
            case values.RANDOM:
                return values.made_up(self.kind)
            case values.OTHER_KINDS:
                text = self.world.tenant_ids["integration"]
                return [text] if isinstance(own, list) else text
        return values.shaped(self.value, own)

    def fields(self, frame):
        """What the frame holds, the value in its place."""
        known = {
            name: self._own_id(kind)
            for name, kind in self.socket.frames[frame].items()
            if kind != "assistant" and (name, kind) != ("userId", "user")
        }
        known |= EXTRA.get(frame, {})
        if frame == self.frame and self.name:
            known[self.name] = self.shown()
        return _nested(known)

    def path(self):
        token = self.world.tokens.get(self.speaker.token, self.speaker.token)
        return self.socket.path.format(token=token, slug=self.world.tenant.slug)

    def _own_id(self, kind):
        return self._id(self.world, self.speaker.person, kind)

    def _id(self, world, whose, kind=""):
        kind = kind or self.kind
        if kind == "token":
            return world.tokens.get(self.speaker.token, self.speaker.token)
        if kind in ("call", "unsent") and self.value == OWN and kind == self.kind:
            return world.fresh(kind, getattr(world, whose))
        person = getattr(world, whose)
        if kind == "secret" and whose in SERVERS:
            return ""
        return person.ids[kind] if kind in person.ids else world.tenant_ids[kind]

    def _gone(self):
        if self.kind != "token":
            return self.world.deleted[self.kind]
        ended = f"revoked {self.speaker.token or 'API key'}"
        return self.world.tokens.get(ended, self.world.tokens["ended log-in"])


# What a frame needs beside ids.
EXTRA = {
    "message": {"text": "Hello?", "message": "Hello?"},
    "audio": {"audio_data": "UklGRg=="},
    "tool:result": {"result": "Shown."},
    "websocketToolResponse": {"content.result": "Shown."},
    "initialize": {"request.callType": "chat"},
    "streamUserSpeech": {"chunk": "UklGRg=="},
    "stateVariables": {"variables": {"a": 1}},
}


def _nested(fields):
    """Names with points stand for objects."""
    made = {}
    for name, value in fields.items():
        outer, _, inner = name.partition(".")
        if inner:
            made.setdefault(outer, {})[inner] = value
        else:
            made[outer] = value
    return made


def all_heard(name, sayings, reading):
    """The frames that each of these is answered with, and the close code if there is one."""
    groups, heard = {}, {}
    for saying in sayings:
        saying.opening = saying.fields(saying.socket.first)
        saying.said = saying.fields(saying.frame)
        groups.setdefault((saying.speaker, saying.frame), []).append(saying)
    for group in groups.values():
        heard |= run(heard_of(name, group, reading))
    return heard


async def heard_of(name, sayings, reading):
    """Over one connection for all, or for each frame that opens one or ends it."""
    heard, waiting = {}, list(sayings)
    while waiting:
        first = waiting[0].socket.first
        async with connected(name, waiting[0].path()) as line:
            reading.where = name, first
            frames = await line.open(first, waiting[0].opening)
            if waiting[0].frame == first:
                heard[waiting.pop(0)] = frames, line.code
                continue
            assert not is_error(frames[-1]), (str(waiting[0]), frames)
            while waiting and line.code is None:
                saying = waiting.pop(0)
                reading.where = name, saying.frame
                heard[saying] = await line.say(saying.frame, saying.said), line.code
    return heard


def verdict(heard):
    """What one refusal can be told from another by; some repeat what was asked for."""
    frames, code = heard
    told = [
        {
            name: value
            for name, value in frame.items()
            if name not in ("conversationId", "callId", "messageId", "timestamp")
        }
        for frame in frames
        if is_error(frame)
    ]
    return json.dumps(told), code


@pytest.mark.parametrize("name", SOCKETS)
def test_nobody_gets_at_what_is_not_theirs(worlds, reading, name):
    socket = SOCKETS[name]
    sayings = [Saying(worlds, socket, *cell) for cell in cells_to_say(socket)]
    for speaker in socket.speakers:
        # What coming back itself notes.
        all_heard(name, [Saying(worlds, socket, socket.first, None, OWN, speaker)], reading)

    before = {world: worlds[world].fingerprint() for world in worlds}
    heard = all_heard(name, [one for one in sayings if one.is_refused], reading)
    assert changed(worlds, before) == []
    of_nobody = {
        (one.frame, one.name, one.speaker): verdict(heard[one])
        for one in heard
        if one.value == RANDOM
    }
    for one, answers in heard.items():
        assert any(map(is_error, answers[0])), (str(one), answers)
        if one.value in FOREIGN:
            assert verdict(answers) == of_nobody[one.frame, one.name, one.speaker], str(one)

    acting = [one for one in sayings if not one.is_refused and not one.is_elsewhere]
    for world in ("acme", "globex"):
        before = {other: worlds[other].fingerprint() for other in worlds if other != world}
        heard |= all_heard(name, [one for one in acting if one.speaker.world == world], reading)
        assert changed(worlds, before) == []
    heard |= all_heard(name, [one for one in sayings if one.is_elsewhere], reading)

    for one in acting:
        random = of_nobody.get((one.frame, one.name, one.speaker))
        if not one.is_free and random is not None:
            assert verdict(heard[one]) != random, (str(one), heard[one])
    for one, (frames, _) in heard.items():
        # Some frames repeat what was said.
        told, said = json.dumps(frames), json.dumps(one.said)
        leaked = [text for text in strangers(one, worlds) if text in told and text not in said]
        assert not leaked, (str(one), frames)


def changed(worlds, before):
    """Of each world whose rows are not what they were, the tables that hold them."""
    return [
        (name, table)
        for name, rows in before.items()
        for (table, *was), (_, *now) in zip(rows, worlds[name].fingerprint(), strict=True)
        if was != now
    ]


def strangers(saying, worlds):
    """Whose canaries the speaker may not see."""
    everybody = set().union(*(world.canaries() for world in worlds.values()))
    theirs = {saying.world.canary, saying.person.canary}
    theirs |= {getattr(saying.world, name).canary for name in saying.speaker.sees}
    if saying.is_elsewhere:
        return saying.world.canaries()
    if saying.speaker.sees and saying.socket.first == "auth":
        theirs = saying.world.canaries()
    return everybody - theirs


@pytest.mark.parametrize("name", SOCKETS)
def test_no_other_token_opens_it(worlds, reading, name):
    socket = SOCKETS[name]
    (speaker, *_) = [one for one in socket.speakers if one.token in socket.open_to]
    wrong = {
        *(worlds["acme"].tokens[one] for one in {*worlds["acme"].tokens} - socket.open_to),
        *(worlds["suspended"].tokens[one] for one in socket.open_to),
        *(worlds["acme"].tokens[one] for one in ENDED),
        worlds["acme"].tokens[speaker.token][:-3] + "abc",
        "nonsense",
    }
    before = {world: worlds[world].fingerprint() for world in worlds}

    for token in wrong:
        saying = Saying(worlds, socket, socket.first, None, OWN, speaker)
        frames, code = knocked(name, saying, token, reading)
        assert is_error(frames[-1]), frames
        assert code in (4401, 4403, None)
        assert not [text for text in worlds["acme"].canaries() if text in json.dumps(frames)]

    assert changed(worlds, before) == []


def knocked(name, saying, token, reading):
    """What somebody with this token hears who says all else as the speaker does."""
    known = dict(saying.world.tokens)
    saying.world.tokens = {**known, saying.speaker.token: token}
    try:
        return all_heard(name, [saying], reading)[saying]
    finally:
        saying.world.tokens = known


def test_frames_hold_nothing_that_is_not_in_the_table(reading):
    unknown = {
        (name, frame): names - {*SOCKETS[name].frames[frame]} - SOCKETS[name].plain
        for (name, frame), names in reading.names.items()
    }

    assert {where: names for where, names in unknown.items() if names} == {}
