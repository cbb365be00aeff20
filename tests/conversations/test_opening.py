import pytest

from assistants.queries import default_assistant
from assistants.versions import create_version, publish
from conversations import engine, inbox, visitor_queries
from conversations.models import Conversation, Message, Turn
from conversations.opening import greet, reserve_conversation
from conversations.posting import post
from conversations.sessions import continue_session
from realtime.models import Event
from tenants.errors import BadRequest
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_member, make_visitor


@pytest.fixture
def visitor(acme, globex):
    for tenant in (globex, acme):
        make_assistant(tenant, greeting=f"Welcome to {tenant.name}!")
    return make_visitor()


def reserved(visitor, assistant=None):
    session = continue_session(visitor)
    return reserve_conversation(session, assistant=assistant, channel="blits")


def test_lists_of_conversations_show_words_without_marks_or_where_they_were_found(acme, visitor):
    quoted = "Aus Hilfe › Returns:\n\n## Refunds\n**Within** [3 days](https://a.example/x)."
    sources = [{"title": "Hilfe › Returns", "url": "", "sourceId": "1"}]
    shown = []
    with tenant_scope(acme.id):
        conversation = reserved(visitor, default_assistant())
        for kind, text, cited in [
            ("assistant", quoted, sources),
            ("assistant", quoted, []),
            ("visitor", "**not** mine", []),
        ]:
            post(conversation, author_kind=kind, text=text, sources=cited)
            shown.append(conversation.last_message["text"])

    words = "Refunds\nWithin 3 days (https://a.example/x)."
    assert shown == [words, f"Aus Hilfe › Returns:\n\n{words}", "**not** mine"]
    assert set(conversation.last_message) == {"seq", "author", "text", "createdAt"}
    member = make_member(acme)
    with tenant_scope(acme.id):
        post(conversation, author_kind="agent", author_id=member.id, text="Mine")
    assert conversation.last_message["authorId"] == str(member.id)


def heard(tenant):
    with tenant_scope(tenant.id):
        return list(
            Event.objects.filter(audience="team").order_by("seq").values_list("type", flat=True)
        )


def test_nobody_hears_of_a_conversation_before_something_is_said(acme, globex, visitor):
    with tenant_scope(acme.id):
        conversation = reserved(visitor, default_assistant())
        assert inbox.inbox().results == []
        assert visitor_queries.conversations(conversation.session).results == []
    assert heard(acme) == []

    with tenant_scope(acme.id):
        session = continue_session(visitor)
        engine.receive_message(session, text="Hello?", conversation_id=str(conversation.id))

    assert heard(acme) == ["conversation:new", "message:new"]
    assert heard(globex) == []
    with tenant_scope(acme.id):
        assert [one["id"] for one in inbox.inbox().results] == [str(conversation.id)]


def test_the_greeting_is_said_once_and_first(acme, visitor):
    with tenant_scope(acme.id):
        conversation = reserved(visitor, default_assistant())
        said = greet(conversation)
        again = greet(engine.team_conversation(conversation.id))

    assert (said.text, said.seq, said.author_kind, again) == (
        "Welcome to Acme!",
        1,
        "assistant",
        None,
    )
    assert heard(acme) == ["conversation:new", "message:new"]
    with tenant_scope(acme.id):
        assert Message.objects.count() == 1
        assert not Turn.objects.exists()


def test_a_flow_opens_with_its_own_words(acme, visitor):
    with tenant_scope(acme.id):
        flow = {"name": "returns", "opening": "What do you return?", "instructions": ""}
        publish(create_version(default_assistant(), flows=[flow]))
        conversation = reserved(visitor, default_assistant())
        conversation.flow = "returns"

        assert greet(conversation).text == "What do you return?"


def test_without_words_or_an_assistant_nothing_is_said(acme, visitor):
    with tenant_scope(acme.id):
        publish(create_version(default_assistant(), greeting=""))
        assert greet(reserved(visitor, default_assistant())) is None
        with pytest.raises(BadRequest):
            greet(reserved(visitor))
        assert Conversation.objects.filter(message_seq=0).count() == 2
