"""The one door through which everything answers, whatever engine a version names."""

from collections.abc import AsyncIterator, Callable
from importlib import import_module

from assistants.events import Event, TurnStarted
from assistants.question import Question
from assistants.toolbox import NoTools, Toolbox

Engine = Callable[[Question, Toolbox], AsyncIterator[Event]]
# By name, since the libraries of language models are not for processes that never answer.
ENGINES = {"knowledge": "assistants.engines.knowledge", "model": "assistants.engines.model"}


async def respond(question: Question, toolbox: Toolbox | None = None) -> AsyncIterator[Event]:
    """Answer: begins with TurnStarted, ends with a Reply, Handoff or Pause, and TurnDone."""
    name = question.version.engine
    yield TurnStarted(name)
    async for event in _engine(name)(question, toolbox or NoTools()):
        yield event


def _engine(name: str) -> Engine:
    engine: Engine = import_module(ENGINES[name]).answer
    return engine
