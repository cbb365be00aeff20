"""Words find what was said, the newest first, and only ever one's own."""

import pytest
from django.db import DataError, ProgrammingError, connection, connections

from conversations import contacts, engine, search, search_filling, tasks
from conversations.erasing import erase_history
from conversations.excerpts import excerpt
from conversations.models import Contact, Message
from tenants.scope import tenant_scope
from tests.factories import make_assistant, make_member, make_visitor, write

# More than are looked through before the index is asked.
MANY = 2_100
FILL_TABLE = """
INSERT INTO conversations_message (
    id, tenant_id, conversation_id, seq, author_kind, author_name, text, private, status, sources,
    choices, body_hash, created_at
)
SELECT md5(%(salt)s || n)::uuid, tenant_id, id, 100 + n, 'visitor', '', 'The parcel number ' || n,
    false, 'sent', '[]', '[]', '', now()
FROM conversations_conversation, generate_series(1, %(many)s) AS n WHERE id = %(id)s
"""


@pytest.fixture
def talk(acme, globex):
    """What a visitor of each tenant has written, the same words to both."""
    said = {}
    for tenant in (globex, acme):
        make_assistant(tenant)
        visitor = make_visitor()
        for text in ("Where is my parcel?", f"It is late, {tenant.slug}", "Straße ÄRGER café"):
            said[tenant.id] = write(tenant, visitor, text)
    return said


def found(tenant, question):
    with tenant_scope(tenant.id):
        return [row["messageId"] for row in search.messages(question).results]


QUESTIONS = {
    "parcel": 1,
    "PAR": 1,
    "p": 0,
    "parcels": 0,
    "is": 2,
    "is par": 1,
    "my parcel": 1,
    '"is my parcel"': 1,
    '"my is"': 0,
    '"is my par"': 0,
    "late or parcel": 2,
    "is -late": 1,
    "ärg": 1,
    "straße": 1,
    "nothing": 0,
}
STRANGE = [
    "", " ", "' | ! & ( : *", "\\", "a" * 5_000, "x & !y <-> (z", "-", '"', "👍", "or", "%_", "a:*",
    "'a':*", "mail@", "ᱚᱞ", "ก็", "..", "a/b", "http://a/?b=1&c='2'",
]  # fmt: skip


def test_words_are_looked_for_as_in_a_web_search(acme, talk):
    assert {question: len(found(acme, question)) for question in QUESTIONS} == QUESTIONS


def test_any_text_is_a_question(acme, talk):
    with tenant_scope(acme.id):
        for question in STRANGE:
            assert search.messages(question).results == [], question
            assert search.contacts(question).results == [], question
            assert search.conversation_ids(question) == [], question


def test_what_is_found_is_ones_own(acme, globex, talk):
    for tenant, other in ((acme, globex), (globex, acme)):
        write(tenant, make_visitor(), f"rosebud {acme.id} {globex.id}")
        assert len(found(tenant, f"rosebud {other.id}")) == 1
        assert len(found(tenant, str(other.id))) == 1
        assert len(found(tenant, "late")) == 1
        assert found(tenant, other.slug) == []
        with tenant_scope(tenant.id):
            assert search.conversation_ids("late") == [talk[tenant.id].conversation_id]
    with pytest.raises((ProgrammingError, DataError)), connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM conversations_search('messages', 'parcel', %s, 9)", [search.NEWEST]
        )


def test_the_function_runs_as_the_owner_with_a_path_of_its_own():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provolatile, prosecdef, proconfig FROM pg_proc"
            " WHERE proname = 'conversations_search'"
        )
        assert cursor.fetchone() == ("s", True, ["search_path=public, pg_temp"])


def test_notes_are_found_and_our_own_lines_and_what_was_erased_are_not(acme, talk):
    member = make_member(acme)
    with tenant_scope(acme.id):
        conversation = engine.team_conversation(talk[acme.id].conversation_id)
        engine.take_over(conversation, member)
        line = conversation.messages.filter(author_kind="system").latest("seq")
        note = engine.post_reply(conversation, member, text="A secret", private=True)

    assert found(acme, "secret") == [str(note.id)]
    assert line.text
    assert str(line.id) not in found(acme, line.text)

    with tenant_scope(acme.id):
        erase_history(engine.team_conversation(conversation.id))
    assert found(acme, "secret") == found(acme, "parcel") == []


def test_common_and_rare_words_of_many_messages_come_in_pages(acme, globex, talk):
    """By either of the function's two statements."""
    for tenant in (acme, globex):
        with tenant_scope(tenant.id), connection.cursor() as cursor:
            given = {"salt": tenant.slug, "many": MANY, "id": talk[tenant.id].conversation_id}
            cursor.execute(FILL_TABLE, given)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE conversations_message")

    for question, how_many in (("parcel", MANY + 1), ("number 17", 111), ("late", 1)):
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor:
            with tenant_scope(acme.id):
                page = search.messages(question, cursor=cursor, size=100)
            seen += [row["messageId"] for row in page.results]
            cursor, pages = page.next_cursor, pages + 1
        with tenant_scope(acme.id):
            assert Message.objects.filter(pk__in=seen).count() == len(seen) == how_many
        assert seen == sorted(seen, reverse=True)
        assert pages == -(-how_many // 100)


def test_what_was_there_before_is_filled_in_by_housekeeping(acme, globex, talk, monkeypatch):
    monkeypatch.setattr(search_filling, "BATCH", 2)
    with connections["owner"].cursor() as cursor:
        for table in ("conversations_message", "conversations_contact"):
            cursor.execute(f"UPDATE {table} SET search = NULL")
    with tenant_scope(acme.id):
        contacts.contact_by_email("kim@shop.example", name="Kim")
    assert found(acme, "parcel") == []

    while len(found(acme, "parcel") + found(globex, "parcel")) < 2:
        tasks.keep_house()

    with tenant_scope(acme.id):
        assert len(search.contacts("kim").results) == 1


def test_contacts_are_found_by_all_that_they_are_called(acme, globex):
    ann = {"name": "Ann Lee", "email": "ann.lee@mail.example", "phone": "+1 555 5550100"}
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            Contact.objects.create(tenant_id=tenant.id, **ann)

    with tenant_scope(acme.id):
        own = {str(each) for each in Contact.objects.values_list("id", flat=True)}
        for question in (
            "ann", "ANN lee", "ann.lee@mail.example", "ann.lee@ma", "mail.example", "example",
            "lee mail", "5550100", "15555550100", "+1 555",
        ):  # fmt: skip
            assert {row["id"] for row in search.contacts(question).results} == own, question
        assert search.contacts("bob").results == []


@pytest.mark.parametrize(
    ("text", "question", "shown"),
    [
        ("Where is  my\nparcel?", "par", "Where is my [parcel]?"),
        ("parcels, my parcel", "parcel m", "parcels, [my] [parcel]"),
        ("my parcels", '"parcel"', "my parcels"),
        ("No words", "-no words", "No [words]"),
        ("Mail kim@shop.example!", "kim@shop.example", "Mail [kim@shop.example]!"),
        ("(a+b)* or", "(a+b)* or x", "([a+b])* or"),
        ("", "x", ""),
    ],
)
def test_an_excerpt_marks_what_was_looked_for(text, question, shown):
    parts = excerpt(text, question)

    assert (
        "".join(f"[{each['text']}]" if each["match"] else each["text"] for each in parts) == shown
    )


def test_an_excerpt_is_short_and_begins_a_little_before_the_match():
    text = f"{'before ' * 100}needle {'after ' * 100}"

    parts = [each["text"] for each in excerpt(text, "needle")]

    assert parts[0] == parts[-1] == "…"
    assert parts[1].startswith("before")
    assert parts[2] == "needle"
    assert len("".join(parts[1:-1])) == 160
