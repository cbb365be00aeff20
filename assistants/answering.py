"""The one door through which everything answers, whatever engine a version names."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from assistants import handover
from assistants.events import Event, TurnDone, TurnStarted, Understood, Usage
from assistants.language import language_of, languages_of
from assistants.loading import loaded
from assistants.question import Question
from assistants.toolbox import NoTools, Toolbox
from assistants.wording import spoken_in

Engine = Callable[[Question, Toolbox], AsyncIterator[Event]]
# By name, since the libraries of language models are not for processes that never answer.
ENGINES = {"knowledge": "assistants.engines.knowledge", "model": "assistants.engines.model"}
RULES = Usage(model="rules")


async def respond(question: Question, toolbox: Toolbox | None = None) -> AsyncIterator[Event]:
    """Answer: begins with TurnStarted, ends with a Reply, Handoff or Pause, and TurnDone."""
    name = question.version.engine
    yield TurnStarted(name)
    language, *others = languages_of(question.version)
    if others:
        # In a thread, since the first one in this process loads a model.
        language = await asyncio.to_thread(language_of, question)
    if language and language != question.language:
        yield Understood(language)
    version = spoken_in(question.version, language)
    question = replace(question, language=language, version=version)
    # Who was paused had passed the rules before.
    called = handover.rule(question) if question.paused is None else None
    if called is not None:
        yield called
        yield TurnDone("handoff", RULES)
        return
    engine: Engine = await loaded(ENGINES[name], "answer")
    async for event in engine(question, toolbox or NoTools()):
        yield event
