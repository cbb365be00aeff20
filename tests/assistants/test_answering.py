"""respond(): what is said, in which order, and on which evidence."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from assistants.answering import ENGINES, respond
from assistants.events import Delta, Handoff, Reply, TurnDone, TurnStarted, Understood, Usage
from assistants.knowledge import embedding
from assistants.knowledge.bands import Band
from assistants.models import AssistantVersion
from assistants.phrases import LISTENERS, phrases_of
from assistants.question import Question
from assistants.versions import create_assistant, create_version, publish
from assistants.wording import greeting_of, introduction, spoken_in
from tenants.scope import tenant_scope
from tests.assistants.knowing import FAQ, GUIDE, needs_model, teach, version_of
from tests.assistants.test_handover import make_version

ENGLISH = phrases_of("en")
WITHOUT_ANSWER = "I did not find an answer to this. I will ask a person of our team."


async def events_of(version, question, **fields):
    fields.setdefault("language", "en")
    return [event async for event in respond(Question(version, question, **fields))]


def ask(assistant, question, **fields):
    """What is said in the end; before it came the same words, paragraph by paragraph."""
    events = asyncio.run(events_of(version_of(assistant), question, **fields))
    started, *pieces, said, done = (one for one in events if not isinstance(one, Understood))
    assert started == TurnStarted("knowledge")
    assert "".join(piece.text for piece in pieces) == (said.text if pieces else "")
    assert [piece.seq for piece in pieces] == list(range(len(pieces)))
    model = "knowledge" if pieces else "rules"
    outcome = "replied" if isinstance(said, Reply) else "handoff"
    assert done == TurnDone(outcome, Usage(model=model))
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
    assert person == ENGLISH.talk_to_a_person
    assert reply.citations == ()


@needs_model
def test_what_nobody_wrote_down_is_handed_over_and_said_so(acme):
    assistant, _ = teach(acme)

    said = ask(assistant, "Who painted the Mona Lisa?")

    assert said == Handoff(
        "no_answer", WITHOUT_ANSWER, "The visitor wrote:\n- Who painted the Mona Lisa?"
    )


def test_an_assistant_without_knowledge_hands_over(acme, globex):
    teach(globex)
    with tenant_scope(acme.id):
        assistant = create_assistant("Ada", unanswered_text="No idea.")

    said = ask(assistant, "How do I reset my password?")

    assert (said.reason, said.text) == ("no_answer", "No idea.")


@pytest.mark.parametrize("question", ["talk to a human", ENGLISH.talk_to_a_person])
def test_who_asks_for_a_person_gets_one(acme, question):
    assistant, _ = teach(acme)

    assert ask(assistant, question) == Handoff(
        "requested",
        "I will ask a person of our team to answer you here.",
        f"The visitor wrote:\n- {question}",
    )


def test_a_greeting_is_greeted_and_thanks_are_welcome(acme):
    assistant, _ = teach(acme)
    with tenant_scope(acme.id):
        publish(create_version(assistant, greeting="Welcome to Acme."))

    assert ask(assistant, "Hi!").text == "Welcome to Acme."
    assert ask(assistant, "thank you").text == ENGLISH.you_are_welcome


def test_a_courtesy_is_answered_in_the_language_in_which_it_was_said(acme):
    assistant, _ = teach(acme)
    with tenant_scope(acme.id):
        publish(create_version(assistant, languages=["nl", "de"]))

    assert ask(assistant, "danke", language="").text == phrases_of("de").you_are_welcome
    assert ask(assistant, "ok", language="").text == phrases_of("nl").until_next_time
    assert ask(assistant, "ok", language="de").text == phrases_of("de").until_next_time


@pytest.mark.parametrize("language", list(LISTENERS))
def test_texts_of_ours_are_said_in_the_visitors_language_and_the_owners_as_written(language):
    said = phrases_of(language)
    defaults = {
        name: AssistantVersion._meta.get_field(name).default
        for name in ("greeting", "offer_text", "handover_text", "unanswered_text")
    }
    ours = make_version(languages=tuple(LISTENERS), **defaults)
    own = make_version(languages=tuple(LISTENERS))

    def told(version):
        spoken = spoken_in(version, language)
        names = ("offer_text", "handover_text", "unanswered_text")
        return [greeting_of(version, language), *(getattr(spoken, name) for name in names)]

    texts = [said.welcome, said.offer_text, said.handover_text, said.unanswered_text]
    assert told(ours) == texts
    assert told(own) == ["Hello!", "One of these?", "A person will come.", "I do not know."]
    introduced = replace(own, greeting=introduction("Tea & Co."))
    assert greeting_of(introduced, language) == said.introduction.replace("{name}", "Tea & Co.")
    assert language == "en" or not set(texts) & {*defaults.values()}


def test_a_visitor_hears_one_language_from_greeting_to_handover(acme):
    assistant, _ = teach(acme)
    with tenant_scope(acme.id):
        publish(create_version(assistant, languages=["en", "de", "ar"]))
    german, arabic = phrases_of("de"), phrases_of("ar")

    assert ask(assistant, "Hallo", language="").text == german.welcome
    assert ask(assistant, "مرحبا", language="").text == arabic.welcome
    asked = ask(assistant, "Ich will mit einem Menschen sprechen", language="")
    assert (asked.reason, asked.text) == ("requested", german.handover_text)
    unknown = ask(assistant, "هل تبيعون الغواصات الصفراء؟", language="")
    assert unknown.text in (arabic.unanswered_text, arabic.offer_text)


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


def _unusable():
    raise embedding.ModelUnusable("gone")


def test_without_the_model_titles_are_offered_and_never_answered(acme, monkeypatch):
    monkeypatch.setattr(embedding, "model", _unusable)
    assistant, _ = teach(acme)

    offered = ask(assistant, "I cannot remember the password of my account")

    assert offered.choices[0] == "How do I reset my password?"
    assert offered.choices[-1] == ENGLISH.talk_to_a_person
    assert ask(assistant, offered.choices[0]).text.startswith("From Help:\n\nOpen the log-in page")
    assert isinstance(ask(assistant, "zebra crossing"), Handoff)


@needs_model
def test_a_language_that_the_model_does_not_know_is_only_offered(acme):
    faq = [{"question": "Wann liefert ihr?", "answer": "Innerhalb von drei Tagen."}]
    assistant, _ = teach(acme, content=faq)
    with tenant_scope(acme.id):
        publish(create_version(assistant, languages=["de", "en"]))

    for language in ("", "de"):
        assert ask(assistant, "Wann liefert ihr denn mein Paket?", language=language).choices == (
            "Wann liefert ihr?",
            phrases_of("de").talk_to_a_person,
        )
    # Word for word it is what it is, and is quoted in the visitor's language.
    for language, said in (("de", "Aus Help:"), ("en", "From Help:")):
        answer = ask(assistant, "Wann liefert ihr?", language=language).text
        assert answer == f"{said}\n\nInnerhalb von drei Tagen."


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
    ticks, threads = [], []

    def slow(*_):
        time.sleep(0.5)
        threads.append(threading.current_thread().name)
        return Band.HAND_OVER, []

    async def watch():
        while True:
            await asyncio.sleep(0.01)
            ticks.append(1)

    monkeypatch.setattr("assistants.engines.knowledge.find_by", slow)
    watching = asyncio.create_task(watch())
    await events_of(version, "password")
    watching.cancel()

    assert threads[0].startswith("database")
    assert len(ticks) > 10


@pytest.fixture
def parrot(acme, monkeypatch):
    """A version that another engine answers for."""
    monkeypatch.setitem(ENGINES, "parrot", "tests.assistants.parrot")
    return make_version(engine="parrot", languages=("en", "de"), handover_topics=("cracker",))


async def test_another_engine_is_one_line(parrot):
    assert await events_of(parrot, "Hello") == [
        TurnStarted("parrot"),
        Delta("He", 0),
        Reply("Hello"),
        TurnDone("replied", Usage("parrot", 1, 2)),
    ]


async def test_every_engine_is_told_the_language_and_it_is_kept(parrot):
    question = "Wo ist mein Paket geblieben?"

    started, understood, _, said, _ = await events_of(parrot, question, language="")
    again = await events_of(parrot, question, language="de")

    assert started == TurnStarted("parrot")
    assert understood == Understood("de")
    assert said.text == question
    assert not any(isinstance(event, Understood) for event in again)


async def test_no_engine_is_asked_when_a_rule_calls_a_person(parrot):
    for question in ("Ich will mit einem Menschen sprechen", "I want a cracker"):
        started, said, done = await events_of(parrot, question, language="en")

        assert started == TurnStarted("parrot")
        assert isinstance(said, Handoff)
        assert done == TurnDone("handoff", Usage(model="rules"))


async def test_who_was_paused_is_not_asked_about_by_the_rules_again(parrot):
    *_, said, _ = await events_of(parrot, "I want a cracker", paused={"at": 1})

    assert said == Reply("I want a cracker")
