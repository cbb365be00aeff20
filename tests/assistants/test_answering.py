"""respond(): what is said, in which order, and on which evidence."""

import asyncio
import threading
import time

import pytest

from assistants.answering import ENGINES, respond
from assistants.events import Delta, Handoff, Reply, TurnDone, TurnStarted, Usage
from assistants.knowledge import embedding
from assistants.question import Question
from assistants.small_talk import TALK_TO_A_PERSON, YOU_ARE_WELCOME
from assistants.versions import create_assistant, create_version, publish
from tenants.scope import tenant_scope
from tests.assistants.knowing import FAQ, GUIDE, needs_model, teach, version_of

DONE = Usage(model="knowledge")


async def events_of(version, question):
    return [event async for event in respond(Question(version, question))]


def ask(assistant, question):
    """What is said in the end; before it came the same words, paragraph by paragraph."""
    started, *pieces, said, done = asyncio.run(events_of(version_of(assistant), question))
    assert started == TurnStarted("knowledge")
    assert "".join(piece.text for piece in pieces) == said.text
    assert [piece.seq for piece in pieces] == list(range(len(pieces)))
    assert done == TurnDone("replied" if isinstance(said, Reply) else "handoff", DONE)
    return said


@needs_model
def test_a_sure_answer_quotes_its_source_and_cites_it(acme, globex):
    teach(globex, kind="markdown", content=GUIDE.replace("nine", "noon"))
    assistant, source = teach(
        acme, kind="markdown", title="Shop", content=GUIDE, url="https://acme.example/shop"
    )

    reply = ask(assistant, "At what time does the shop open?")

    assert reply.text == (
        "From Shop › Guide › Opening hours:\n\n"
        "The shop opens at nine in the morning. It closes at six in the evening."
    )
    assert reply.citations == (
        {
            "title": "Shop › Guide › Opening hours",
            "url": "https://acme.example/shop#opening-hours",
            "sourceId": str(source.id),
        },
    )
    assert reply.choices == ()
    assert 0.5 <= reply.confidence <= 1


@needs_model
def test_an_unsure_answer_offers_three_titles_and_a_person(acme):
    assistant, _ = teach(acme)

    reply = ask(assistant, "something about my order")

    assert reply.text == "I am not sure that I understood. Is it one of these?"
    *titles, person = reply.choices
    assert len(titles) == 3
    assert set(titles) <= {item["question"] for item in FAQ}
    assert person == TALK_TO_A_PERSON
    assert reply.citations == ()


@needs_model
def test_what_nobody_wrote_down_is_handed_over_and_said_so(acme):
    assistant, _ = teach(acme)

    said = ask(assistant, "Who painted the Mona Lisa?")

    assert said == Handoff(
        "no_answer", "I did not find an answer to this. I will ask a person of our team."
    )


def test_an_assistant_without_knowledge_hands_over(acme, globex):
    teach(globex)
    with tenant_scope(acme.id):
        assistant = create_assistant("Ada", unanswered_text="No idea.")

    assert ask(assistant, "How do I reset my password?") == Handoff("no_answer", "No idea.")


@pytest.mark.parametrize("question", ["talk to a human", TALK_TO_A_PERSON])
def test_who_asks_for_a_person_gets_one(acme, question):
    assistant, _ = teach(acme)

    assert ask(assistant, question) == Handoff(
        "requested", "I will ask a person of our team to answer you here."
    )


def test_a_greeting_is_greeted_and_thanks_are_welcome(acme):
    assistant, _ = teach(acme)
    with tenant_scope(acme.id):
        publish(create_version(assistant, greeting="Welcome to Acme."))

    assert ask(assistant, "Hi!").text == "Welcome to Acme."
    assert ask(assistant, "thank you").text == YOU_ARE_WELCOME


@needs_model
def test_a_choice_that_was_tapped_on_is_answered(acme):
    assistant, _ = teach(acme)
    choices = ask(assistant, "something about my order").choices

    for choice in choices[:-1]:
        answer = next(item["answer"] for item in FAQ if item["question"] == choice)
        assert ask(assistant, choice).text == f"From Help:\n\n{answer}"


@needs_model
def test_thresholds_are_the_versions_own(acme):
    assistant, _ = teach(acme)
    question = "When do you deliver parcels?"
    assert ask(assistant, question).citations

    with tenant_scope(acme.id):
        publish(create_version(assistant, answer_threshold=0.97, offer_threshold=0.2))

    assert ask(assistant, question).choices


def test_without_the_model_titles_are_offered_and_never_answered(acme, monkeypatch):
    monkeypatch.setattr(embedding, "available", lambda: False)
    assistant, _ = teach(acme)

    offered = ask(assistant, "I cannot remember the password of my account")

    assert offered.choices[0] == "How do I reset my password?"
    assert offered.choices[-1] == TALK_TO_A_PERSON
    assert ask(assistant, offered.choices[0]).text.startswith("From Help:\n\nOpen the log-in page")
    assert isinstance(ask(assistant, "zebra crossing"), Handoff)


@needs_model
def test_a_language_that_the_model_does_not_know_is_only_offered(acme):
    faq = [{"question": "Wann liefert ihr?", "answer": "Innerhalb von drei Tagen."}]
    assistant, _ = teach(acme, content=faq)
    with tenant_scope(acme.id):
        publish(create_version(assistant, languages=["de", "en"]))

    assert ask(assistant, "Wann liefert ihr denn mein Paket?").choices == (
        "Wann liefert ihr?",
        TALK_TO_A_PERSON,
    )


@needs_model
@pytest.mark.parametrize(
    "question",
    [
        "Wie bezahle ich bei Zebrasol?",
        "¿Cómo pago en Zebrasol?",
        "Comment payer chez Zebrasol ?",
        "Zebrasol の支払い方法は",
    ],
)
def test_a_question_in_another_language_is_never_answered_from_english(acme, question):
    text = "# Zebrasol\n\nPaying at Zebrasol is done by card."
    assistant, _ = teach(acme, kind="markdown", content=text)
    assert ask(assistant, "How do I pay at Zebrasol?").citations

    said = ask(assistant, question)

    assert isinstance(said, Handoff) or (said.citations == () and said.choices)


async def test_the_loop_goes_on_while_an_answer_is_made(acme, monkeypatch):
    assistant, _ = await asyncio.to_thread(teach, acme)
    version = await asyncio.to_thread(version_of, assistant)
    ticks = []

    def slow(version, question):
        time.sleep(0.5)
        return Reply(threading.current_thread().name)

    async def watch():
        while True:
            await asyncio.sleep(0.01)
            ticks.append(1)

    monkeypatch.setattr("assistants.engines.knowledge.look_up", slow)
    watching = asyncio.create_task(watch())
    *_, reply, _ = await events_of(version, "password")
    watching.cancel()

    assert reply.text.startswith("database")
    assert len(ticks) > 10


async def test_another_engine_is_one_line(acme, monkeypatch):
    monkeypatch.setitem(ENGINES, "parrot", "tests.assistants.parrot")
    assistant, _ = await asyncio.to_thread(teach, acme)

    def in_parrots_engine():
        with tenant_scope(acme.id):
            publish(create_version(assistant, engine="parrot"))
        return version_of(assistant)

    events = await events_of(await asyncio.to_thread(in_parrots_engine), "Hello")

    assert events == [
        TurnStarted("parrot"),
        Delta("He", 0),
        Reply("Hello"),
        TurnDone("replied", Usage("parrot", 1, 2)),
    ]
