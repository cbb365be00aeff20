"""Recorded dialogues, as clients of ZeebeeAI hold them. Each is a list of connections."""

import asyncio

import pytest

from tenants import credentials
from tenants.models import Credential
from tests.gateways.frames import play, recording, recordings


@pytest.fixture(scope="module")
def keys(places):
    acme, _ = places
    issued = credentials.issue(acme.tenant, Credential.Kind.API_KEY, scopes=["chat"])
    credentials.revoke(issued.credential)
    return {
        "key": acme.key,
        "revoked_key": issued.secret,
        "scopeless_key": acme.new_key(scopes=["conversations:read"]),
    }


@pytest.mark.parametrize("name", recordings("zeebee"))
def test_a_recorded_dialogue_is_held_as_it_was(acme, globex, keys, live_worker, name):
    values, theirs = dict(keys), globex.stored()

    for steps in recording("zeebee", name):
        asyncio.run(play(acme.guest_url, steps, values))

    assert globex.stored() == theirs
