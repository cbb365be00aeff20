"""The right entry comes first, and only ever one's own."""

import numpy as np
import pytest
from django.db import DataError, ProgrammingError, connection

from assistants.engines.knowledge import find
from assistants.knowledge import embedding
from assistants.knowledge.embedding import DIMENSIONS
from assistants.knowledge.index import Index, Indexes
from assistants.knowledge.ingestion import ingest, remove_source, replace_content
from assistants.knowledge.search import search
from assistants.models import KnowledgeEntry
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.assistants.knowing import FAQ, GUIDE, needs_model, teach, version_of


def titles(assistant, question):
    return [hit.title for hit in find(version_of(assistant), question)[1]]


def by_words(assistant, question):
    """Search without vectors, as where the model is absent."""
    version = version_of(assistant)
    with tenant_scope(assistant.tenant_id):
        return search(
            assistant.id, revision=version.knowledge_revision, question=question, vector=None
        )


def vector(*numbers):
    return np.array([*numbers, *[0] * (DIMENSIONS - len(numbers))], np.float16).tobytes()


@needs_model
@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("I can't get into my account any more", "How do I reset my password?"),
        ("how long does shipping take", "When do you deliver?"),
        ("I want to return something", "Can I send an item back?"),
        ("my screen shows E-4012", "What does error E-4012 mean?"),
    ],
)
def test_the_entry_that_means_the_same_comes_first(acme, globex, question, title):
    teach(globex)
    assistant, _ = teach(acme)

    assert titles(assistant, question)[0] == title


@needs_model
def test_two_tenants_with_the_same_text_find_their_own(acme, globex):
    assistants = {tenant.id: teach(tenant)[0] for tenant in (acme, globex)}

    for tenant in (acme, globex):
        _, hits = find(version_of(assistants[tenant.id]), "reset my password")
        with tenant_scope(tenant.id):
            own = set(KnowledgeEntry.objects.values_list("id", flat=True))
        assert len(hits) == len(FAQ)
        assert {hit.entry_id for hit in hits} <= own


@needs_model
def test_another_tenants_assistant_has_nothing_to_find(acme, globex):
    foreign, _ = teach(globex)
    teach(acme)

    with tenant_scope(acme.id):
        (question,) = embedding.embed(["reset my password"])
        hits = search(foreign.id, revision=999, question="reset my password", vector=question)

    assert hits == []


def test_words_never_find_another_tenants_or_another_assistants_entries(acme, globex):
    teach(globex, kind="text", content="The secret word is rosebud.")
    teach(acme, kind="text", content="The other assistant says rosebud.")
    assistant, _ = teach(acme, kind="text", content="Nothing of the kind.")

    assert by_words(assistant, "rosebud") == []


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_a_tenants_id_as_a_word_opens_nothing(acme, globex, name):
    """The tenant is a lexeme of the index; writing it into a text or question must not help."""
    mine, _ = teach(acme, kind="text", content=f"{acme.id} {globex.id} rosebud")
    theirs, _ = teach(globex, kind="text", content=f"{acme.id} {globex.id} rosebud")
    assistant, tenant = (mine, acme) if name == "acme" else (theirs, globex)

    hits = by_words(assistant, f"rosebud {acme.id} {globex.id} {mine.id} {theirs.id}")

    with tenant_scope(tenant.id):
        own = set(KnowledgeEntry.objects.values_list("id", flat=True))
    assert {hit.entry_id for hit in hits} == own


def test_without_a_tenant_the_function_is_an_error(acme):
    assistant, _ = teach(acme)

    with pytest.raises((ProgrammingError, DataError)), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM assistants_search(%s, 'password', 8)", [assistant.id])


@pytest.mark.parametrize(
    "question",
    [
        "",
        "the of and",
        "' | ! & ( : *",
        "\\",
        "a" * 5_000,
        "x & !y <-> (z",
        "http://a/?b=1&c='2'",
        "👍",
    ],
)
def test_any_text_is_a_question(acme, question):
    assistant, _ = teach(acme, kind="markdown", content=GUIDE)

    assert isinstance(by_words(assistant, question), list)
    assert len(by_words(assistant, "cash " + question)) == 1


def test_words_use_their_index_behind_the_wall(acme):
    """Row-level security takes the index away from full-text search, unless the function asks."""
    assistant, _ = teach(acme)

    with tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM assistants_search(%s, 'password', 8)",
            [assistant.id],
        )
        ((plan,),) = cursor.fetchall()
        assert plan[0]["Plan"]["Node Type"] == "Function Scan"
        cursor.execute(
            "SELECT provolatile, prosecdef, proconfig FROM pg_proc"
            " WHERE proname = 'assistants_search'"
        )
        assert cursor.fetchone() == ("s", True, ["search_path=public, pg_temp"])


@needs_model
def test_a_title_or_a_variant_word_for_word_comes_first_with_certainty(acme):
    assistant, _ = teach(acme)

    for question in ("when do you deliver", "  I FORGOT my login! "):
        hit = find(version_of(assistant), question)[1][0]
        assert hit.score == 1.0


@needs_model
def test_every_title_leads_to_its_entry(acme):
    assistant, _ = teach(acme, kind="markdown", content=GUIDE)

    for title in ("Guide", "Guide › Opening hours", "Guide › Paying"):
        band, hits = find(version_of(assistant), title)
        assert (band, hits[0].title) == ("answer", title)


@needs_model
def test_new_knowledge_is_found_at_once_and_old_no_more(acme):
    assistant, source = teach(acme, kind="text", content="The code word is rosebud.")
    assert find(version_of(assistant), "what is the code word?")[1][0].text.endswith("rosebud.")

    with tenant_scope(acme.id):
        replace_content(source, "The code word is xanadu.")
    teach(acme, assistant=assistant, kind="text", title="More", content="Something else.")
    ingest(source)
    assert find(version_of(assistant), "what is the code word?")[1][0].text.endswith("xanadu.")

    with tenant_scope(acme.id):
        remove_source(source)
    hits = find(version_of(assistant), "what is the code word?")[1]
    assert [hit.text for hit in hits] == ["Something else."]


@needs_model
def test_an_entry_deleted_since_its_vectors_were_read_is_left_out(acme):
    assistant, _ = teach(acme)
    version = version_of(assistant)
    find(version, "password")
    with tenant_scope(acme.id):
        KnowledgeEntry.objects.filter(title__contains="password").delete()

    _, hits = find(version, "How do I reset my password?")

    assert {hit.title for hit in hits} == {item["question"] for item in FAQ[1:]}


def test_an_index_knows_an_entry_by_its_best_vector():
    first, second = uuid7(), uuid7()

    index = Index.of([(first, vector(1)), (first, vector(0, 1)), (second, vector(0.6, 0.8))])

    assert index.similarities(np.array([0, 1] + [0] * 382, np.float32)) == {
        first: pytest.approx(1.0),
        second: pytest.approx(0.8, abs=1e-3),
    }
    assert Index.of([]).similarities(np.zeros(DIMENSIONS, np.float32)) == {}


def test_a_process_keeps_only_so_many_bytes_of_vectors(acme, monkeypatch):
    read = []

    def reading(assistant_id):
        read.append(assistant_id)
        return Index.of([(uuid7(), vector(1))])

    monkeypatch.setattr("assistants.knowledge.index._read", reading)
    one, two, three = uuid7(), uuid7(), uuid7()
    kept = Indexes(max_bytes=2 * 4 * DIMENSIONS)

    for assistant_id in (one, two, one, three, one, two):
        kept.get(assistant_id, 1)
    kept.get(two, 2)

    assert read == [one, two, three, two, two]
