"""What a message means, told without a language model."""

import asyncio

import pytest

from assistants.knowledge import embedding
from assistants.nlu.analysis import analyze
from assistants.versions import create_version, publish
from tenants.scope import tenant_scope
from tests.assistants.knowing import FAQ, GUIDE, needs_model, teach, version_of

FLOWS = [
    {"name": "returns", "examples": ["I want to send my shoes back", "These do not fit me"]},
    {"name": "Rücksendung", "examples": ["Ich möchte etwas zurückschicken"]},
]


@pytest.fixture
def assistant(acme, globex):
    for tenant in (globex, acme):
        assistant, _ = teach(tenant)
        teach(tenant, kind="markdown", content=GUIDE, assistant=assistant)
    return assistant


def understood(assistant, text, *, told="", **settings):
    if settings:
        with tenant_scope(assistant.tenant_id):
            publish(create_version(assistant, **settings))
    return asyncio.run(analyze(version_of(assistant), text, language=told))


def names(analysis):
    return [intent["name"] for intent in analysis["intents"]]


@needs_model
def test_an_analysis_tells_language_intents_and_entities(assistant):
    text = "I forgot the password of ann@example.com"

    analysis = understood(assistant, text)

    assert analysis == {
        "message": text,
        "language": {"code": "en", "confidence": 1.0},
        "intents": analysis["intents"],
        "topIntent": "How do I reset my password?",
        "entities": [{"type": "email", "value": "ann@example.com", "start": 25, "end": 40}],
        "sentiment": None,
        "engine": "local",
    }
    assert names(analysis)[0] == "How do I reset my password?"


@needs_model
def test_intents_are_the_questions_of_the_faq_and_the_flows(assistant):
    analysis = understood(assistant, "These shoes are too small", flows=FLOWS)

    assert analysis["topIntent"] == "returns"
    assert set(names(analysis)) <= {item["question"] for item in FAQ} | {"returns", "Rücksendung"}
    confidences = [intent["confidence"] for intent in analysis["intents"]]
    assert confidences == sorted(confidences, reverse=True)
    assert len(confidences) == 5
    assert all(0 < confidence <= 1 for confidence in confidences)


@needs_model
def test_what_resembles_nothing_has_no_top_intent(assistant):
    assert understood(assistant, "Who painted the Mona Lisa?")["topIntent"] is None


@pytest.mark.parametrize("question", ["I forgot my login", "how do i reset MY password"])
def test_what_is_said_exactly_is_certain(assistant, question):
    (first, *_) = understood(assistant, question)["intents"]

    assert first == {"name": "How do I reset my password?", "confidence": 1.0}


def test_without_the_model_words_tell_intents(assistant, monkeypatch):
    def unusable(texts):
        raise embedding.ModelUnusable("The embedding model is not installed.")

    monkeypatch.setattr(embedding, "embed", unusable)

    near = understood(assistant, "reset passwords", flows=FLOWS)
    far = understood(assistant, "Where is the moon, and how do I get there?")

    assert (near["topIntent"], names(near)) == (
        "How do I reset my password?",
        ["How do I reset my password?"],
    )
    assert (far["topIntent"], far["intents"]) == (None, [])


@needs_model
def test_another_language_is_understood_by_words_alone(assistant):
    settings = {"languages": ["en", "de"], "flows": FLOWS}

    german = understood(assistant, "Ich möchte gerne Schuhe zurückschicken", **settings)
    french = understood(assistant, "Comment réinitialiser le LiveChat ?", **settings)

    assert german["language"]["code"] == "de"
    assert german["language"]["confidence"] > 0.9
    assert german["topIntent"] == "Rücksendung"
    assert french["intents"] == []


def test_a_language_that_the_client_names_is_believed(assistant):
    settings = {"languages": ["en", "de"]}

    assert understood(assistant, "Hello there, my friend", told="de-AT", **settings)[
        "language"
    ] == {
        "code": "de",
        "confidence": 1.0,
    }
    unknown = understood(assistant, "Hello there, my friend", told="fr")
    assert unknown["language"]["code"] == "en"


def test_an_assistant_that_knows_nothing_has_no_intents(acme):
    assistant, _ = teach(acme, kind="text", content="Nothing of use.")

    analysis = understood(assistant, "")

    assert (analysis["intents"], analysis["topIntent"]) == ([], None)
