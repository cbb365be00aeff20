"""Assistants for tests whose words come from the models' server."""

import asyncio

from assistants.answering import respond
from assistants.events import Delta, Handoff, Pause, Reply, Spent, TurnDone, TurnStarted
from assistants.models import Assistant, Provider
from assistants.question import Question
from assistants.versions import create_version, publish
from tenants.scope import tenant_scope
from tests.assistants.knowing import GUIDE, teach, version_of

WIRES = ["openai_compatible", "anthropic"]
KEY = "sk-canary-of-the-provider"
QUESTION = "At what time does the shop open?"


def provider(tenant, server, *, wire="openai_compatible", url=None, key=KEY):
    base_url = url or (server.url if wire == "anthropic" else server.openai)
    made = Provider(tenant_id=tenant.id, name=wire, kind=wire, base_url=base_url)
    made.key = key
    with tenant_scope(tenant.id):
        made.save()
    return made


def writer(tenant, server, model, *, wire="openai_compatible", url=None, **settings):
    """A version that knows the guide and has this model of the server write."""
    address = "https://acme.example/shop"
    assistant, _ = teach(tenant, kind="markdown", title="Shop", content=GUIDE, url=address)
    account = provider(tenant, server, wire=wire, url=url)
    for tool in settings.get("tools", ()):
        tool.tenant = tenant
    with tenant_scope(tenant.id):
        settings = {"provider_id": account.pk, "model": model, **settings}
        publish(create_version(assistant, engine="model", **settings))
    return version_of(assistant)


def heard(version, text=QUESTION, *, toolbox=None, **fields):
    """Everything that the engine says."""

    async def collect():
        return [event async for event in respond(Question(version, text, **fields), toolbox)]

    return asyncio.run(collect())


def said(events):
    """The one thing that is said in the end, with the proof that the rest is in order."""
    assert events[0] == TurnStarted("model")
    assert isinstance(events[-1], TurnDone)
    (result,) = [event for event in events if isinstance(event, Reply | Handoff | Pause)]
    return result


def streamed(events, draft=None):
    pieces = [event for event in events if isinstance(event, Delta)]
    return "".join(p.text for p in pieces if draft is None or p.draft == draft)


def spent(events):
    return [event.usage for event in events if isinstance(event, Spent)]


def assistant_of(version):
    with tenant_scope(version.tenant_id):
        return Assistant.objects.get(pk=version.assistant_id)
