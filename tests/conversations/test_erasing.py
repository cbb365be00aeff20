"""Nothing of an erased conversation is left anywhere, and nothing else is touched."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from assistants import analyses
from assistants.events import Handoff, Reply, Usage
from assistants.models import Analysis, Assistant
from conversations import answers, attachments, engine, queries, turns, visitor_queries
from conversations.erasing import decide, erase_history
from conversations.message_context import MessageContext
from conversations.models import Attachment, Conversation, Message, ToolCall, TurnState
from conversations.sessions import continue_session
from realtime.log import Channel, read_events
from tenants.errors import BadRequest, NotFound
from tenants.scope import tenant_scope
from tests.assistants.tool_server import Answer, open_tool_server
from tests.conversations.calling import (
    calls,
    finish,
    latest_turn,
    make_tool,
    no_turn_is_left,  # noqa: F401 -- a fixture
    scripted,
    work,
)
from tests.conversations.test_engine import conversation_now, do, team_events
from tests.factories import make_assistant, make_member, make_visitor, write

CANARY = "canary-7f3a"
PAID = Usage(model="m", input_tokens=1)


@pytest.fixture
def server(settings):
    with open_tool_server() as server:
        settings.INTERNAL_HOSTS = [server.host]
        yield server


def file_of(tenant, session=None):
    stored = attachments.store(
        ContentFile(CANARY.encode(), name=f"{CANARY}.txt"), tenant_id=tenant.id
    )
    with tenant_scope(tenant.id):
        return attachments.attach_later(stored, session=session)


def says_everywhere(tenant):
    """A conversation that left its words in every place there is; its last answer waits."""
    for name, fields in {"look": {}, "pay": {"risk": "approval"}}.items():
        make_tool(tenant, name, url="http://127.0.0.1:9/", **fields)
    with tenant_scope(tenant.id):
        tools = list(apps.get_model("assistants.Tool").objects.order_by("name"))
    scripted(tenant, [["look", {"word": CANARY}], ["pay", {"word": CANARY}]], *tools)
    visitor = make_visitor()
    with tenant_scope(tenant.id):
        session = continue_session(visitor)
    said = MessageContext(variables={"v": CANARY}, additional_input={"a": CANARY})
    files = [file_of(tenant, session)]
    received = write(tenant, visitor, f"{CANARY}?", client_id="k", files=files, context=said)
    held = turns.claim(tenant.id, latest_turn(tenant).id)
    reply = Reply(CANARY, citations=({"title": CANARY},), choices=(CANARY,))
    answers.commit(held, reply, usage=PAID, effects=turns.Effects(qualified={"q": CANARY}))
    member = make_member(tenant)
    do(tenant, received, engine.post_reply, member, text=CANARY, private=True)
    do(tenant, received, engine.post_reply, member, text=CANARY, files=[file_of(tenant)])
    do(tenant, received, engine.give_back)
    write(tenant, visitor, f"{CANARY}!", context=said)
    held = turns.claim(tenant.id, latest_turn(tenant).id)
    answers.commit(held, Handoff("other", CANARY, CANARY), usage=PAID)
    do(tenant, received, engine.give_back)
    with tenant_scope(tenant.id):
        analyses.want(Assistant.objects.get(), f"{CANARY}?")
    write(tenant, visitor, f"{CANARY}.", context=said)
    work(tenant)
    assert latest_turn(tenant).state == TurnState.WAITING
    with tenant_scope(tenant.id):
        ToolCall.objects.filter(name="look").update(result=CANARY)
    return visitor, received


def places(tenant):
    """The tables and files in which the tenant's words are found."""
    found = set()
    with connections["owner"].cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if any(field.name == "tenant" for field in model._meta.fields):
                cursor.execute(
                    f"SELECT count(*) FROM {table} t WHERE tenant_id = %s AND t::text LIKE %s",
                    [tenant.id, f"%{CANARY}%"],
                )
                if cursor.fetchone()[0]:
                    found.add(table)
    folder = Path(default_storage.location) / "attachments" / str(tenant.id)
    if any(CANARY in path.read_text() for path in folder.glob("*")):
        found.add("storage")
    return found


EVERYWHERE = {
    "assistants_analysis",
    "conversations_attachment",
    "conversations_conversation",
    "conversations_message",
    "conversations_toolcall",
    "conversations_turn",
    "realtime_event",
    "storage",
}
# What the script of the test's own assistant says.
SCRIPT = {"assistants_assistantversion"}


def test_what_was_said_is_found_nowhere_any_more(acme, globex):
    _, received = says_everywhere(acme)
    says_everywhere(globex)
    assert places(acme) == places(globex) == EVERYWHERE | SCRIPT

    do(acme, received, erase_history)

    assert places(acme) == SCRIPT
    assert places(globex) == EVERYWHERE | SCRIPT


def test_rows_numbers_and_ids_stay(acme, globex):
    visitor, received = says_everywhere(acme)
    with tenant_scope(acme.id):
        rows = list(Message.objects.order_by("seq").values("id", "seq", "author_kind", "private"))
        events = [event.seq for event in read_events(Channel(acme.id), after=0)]

    do(acme, received, erase_history)

    with tenant_scope(acme.id):
        erased = Message.objects.order_by("seq")
        assert list(erased.values("id", "seq", "author_kind", "private")) == rows
        assert {(m.text, m.status, m.erased_at is None) for m in erased} == {("", "erased", False)}
        told = [event.seq for event in read_events(Channel(acme.id), after=0)]
        assert told[: len(events)] == events
        session = continue_session(visitor)
        assert visitor_queries.history(session, received.conversation_id).results == []
        assert len(queries.history(received.conversation_id).results) == len(rows)
    conversation = conversation_now(acme, received)
    assert (conversation.last_message, conversation.unread) == (None, 0)


def test_an_answer_in_the_making_is_given_up_and_the_next_one_knows_nothing(acme, globex):
    make_assistant(acme, engine="model")
    visitor = make_visitor()
    received = write(acme, visitor, CANARY)
    held = turns.claim(acme.id, latest_turn(acme).id)

    do(acme, received, erase_history)

    assert not answers.commit(held, Reply(f"You said {CANARY}"), usage=PAID)
    assert latest_turn(acme).state == TurnState.CANCELLED
    assert places(acme) == set()
    write(acme, visitor, "And now?")
    question = turns.claim(acme.id, latest_turn(acme).id).question
    assert (question.text, question.history) == ("And now?", [])


def test_the_calls_that_an_answer_waited_for_are_closed_without_their_words(acme, globex):
    _, received = says_everywhere(acme)
    before = len(team_events(acme))

    do(acme, received, erase_history)

    assert [(c.name, c.state, c.args) for c in calls(acme)] == [
        ("look", "failed", {}),
        ("pay", "expired", {}),
    ]
    told = [data for type, data in team_events(acme)[before:] if type == "tool:approval"]
    assert [(data["args"], data["status"]) for data in told] == [({}, "expired")]


def test_a_call_under_way_leaves_no_result_behind(acme, globex, server):
    tool = make_tool(acme, "look", url=server.url)
    scripted(acme, [["look", {"word": "lamp"}]], tool)
    received = write(acme, make_visitor(), "Please!")
    hanging = threading.Event()
    server.will(Answer(CANARY, hang=hanging))
    held = turns.claim(acme.id, latest_turn(acme).id)
    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(finish, held)
        server.arrived.wait(5)
        do(acme, received, erase_history)
        hanging.set()
        answering.result(timeout=10)

    (call,) = calls(acme)
    assert (call.state, call.args, call.result) == ("unknown", {}, "")


def test_a_message_that_is_sent_again_is_still_a_repeat(acme, globex):
    make_assistant(acme)
    visitor = make_visitor()
    received = write(acme, visitor, CANARY, client_id="k")
    do(acme, received, erase_history)

    again = write(acme, visitor, CANARY, client_id="k")

    assert (again.message_id, again.is_repeat) == (received.message_id, True)
    assert places(acme) == set()


def test_whoever_watches_hears_of_it_and_a_bounded_number_of_times(acme, globex):
    make_assistant(acme)
    visitor = make_visitor()
    received = write(acme, visitor, CANARY)
    member = make_member(acme)
    with tenant_scope(acme.id):
        conversation = engine.team_conversation(received.conversation_id)
        for _ in range(60):
            engine.post_reply(conversation, member, text=CANARY)
        engine.post_reply(conversation, member, text=CANARY, private=True)
    channel = Channel(acme.id, received.conversation_id)
    before, seen = len(team_events(acme)), len(read_events(channel, after=0))

    with CaptureQueriesContext(connection) as captured:
        do(acme, received, erase_history)

    team = [type for type, _ in team_events(acme)[before:]]
    shown = read_events(channel, after=seen)
    ending = ["conversation:erased", "conversation:updated"]
    assert team == ["message:updated"] * 50 + ending
    assert [event.type for event in shown] == ["message:updated"] * 49 + ending
    assert {event.data["status"] for event in shown[:-2]} == {"erased"}
    assert shown[-2].data.keys() == shown[-1].data.keys()
    assert len(captured) == 18


def test_erasing_again_tells_of_nothing_but_itself(acme, globex):
    make_assistant(acme)
    received = write(acme, make_visitor(), CANARY)
    do(acme, received, erase_history)
    before = len(team_events(acme))

    do(acme, received, erase_history)

    team = [type for type, _ in team_events(acme)[before:]]
    assert team == ["conversation:erased", "conversation:updated"]


def test_another_conversation_keeps_its_words(acme, globex):
    make_assistant(acme)
    received, other = (write(acme, make_visitor(), CANARY) for _ in range(2))

    do(acme, received, erase_history)

    with tenant_scope(acme.id):
        assert [m.text for m in Message.objects.order_by("id")] == ["", CANARY]
    told = [data for type, data in team_events(acme) if type == "message:new"]
    assert [data["text"] for data in told] == ["", CANARY]
    assert conversation_now(acme, other).last_message["text"] == CANARY


def test_a_file_that_the_storage_keeps_is_nobodys_and_deleted_later(acme, globex, monkeypatch):
    make_assistant(acme)
    visitor = make_visitor()
    with tenant_scope(acme.id):
        session = continue_session(visitor)
    file = file_of(acme, session)
    received = write(acme, visitor, files=[file])

    def frozen(name):
        raise OSError("The bucket is frozen.")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", frozen)
        do(acme, received, erase_history)

    assert default_storage.exists(file.file.name)
    with tenant_scope(acme.id):
        for read in (queries.attachment, lambda id: visitor_queries.attachment(session, id)):
            with pytest.raises(NotFound):
                read(file.id)
        for owner in (None, session):
            with pytest.raises(BadRequest):
                attachments.files_of(owner, [str(file.id)])
    attachments.forget_unsent()
    assert not default_storage.exists(file.file.name)
    with tenant_scope(acme.id):
        assert not Attachment.objects.exists()


def test_what_is_not_committed_deletes_no_file(acme, globex):
    make_assistant(acme)
    visitor = make_visitor()
    with tenant_scope(acme.id):
        file = file_of(acme, continue_session(visitor))
    received = write(acme, visitor, files=[file])

    def fail(conversation):
        erase_history(conversation)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        do(acme, received, fail)

    assert default_storage.exists(file.file.name)
    assert conversation_now(acme, received).last_message is not None


def test_an_analysis_of_other_words_stays(acme, globex):
    make_assistant(acme)
    received = write(acme, make_visitor(), CANARY)
    with tenant_scope(acme.id):
        for text in (CANARY, "Something else"):
            analyses.want(Assistant.objects.get(), text)

    do(acme, received, erase_history)

    with tenant_scope(acme.id):
        assert [one.text for one in Analysis.objects.all()] == ["Something else"]


@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_said_after_the_decision_stands(acme, globex, is_named):
    """Though whoever decided has not come to it: then, the messages before it go first."""
    make_assistant(acme)
    visitor, member = make_visitor(), make_member(acme)
    received = write(acme, visitor, CANARY)
    named = {"conversation_id": str(received.conversation_id)} if is_named else {}

    decided(acme)
    write(acme, visitor, "Again", **named)
    decided_before_the_answer = standing(acme)
    question = latest_turn(acme)
    finish_decided(acme, received)
    decided(acme)
    do(acme, received, engine.post_reply, member, text="Hello")
    finish_decided(acme, received)

    assert decided_before_the_answer == ["Again"]
    assert standing(acme)[-1] == "Hello"
    assert "Again" not in standing(acme)
    assert question.state == TurnState.QUEUED
    assert places(acme) == set()


def decided(tenant):
    with tenant_scope(tenant.id):
        decide(Conversation.objects.all())


def finish_decided(tenant, received):
    with tenant_scope(tenant.id):
        engine.team_conversation(received.conversation_id)


def standing(tenant):
    with tenant_scope(tenant.id):
        return list(
            Message.objects.filter(erased_at=None).order_by("seq").values_list("text", flat=True)
        )
