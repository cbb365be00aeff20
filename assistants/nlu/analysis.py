"""Understanding one message, with the version's language model if it has one."""

from uuid import UUID

from assistants.knowledge.embedding import Floats
from assistants.language import languages_of, likeliest, match
from assistants.nlu import by_model, intents, shape
from assistants.nlu.entities import entities
from assistants.nlu.shape import Analysis, Language
from assistants.versions import VersionSnapshot
from tenants.executor import run_in_db_thread

# As many intents as a language model may choose from, those first that are likely anyway.
MOST_KNOWN = 100


async def analyze(
    version: VersionSnapshot, text: str, *, language: str = "", key: UUID | None = None
) -> Analysis:
    """What a message means. For the worker alone: it loads models.

    ``language`` is what the client says it is, ``key`` pays for the work once, however often it is
    begun. Whatever goes wrong with a language model, the rest remains.
    """
    vector = await intents.vector_soon(version, text)
    analysis, known = await run_in_db_thread(
        analyze_locally, version, text, vector, language=language
    )
    if version.engine != "model" or version.provider_id is None:
        return analysis
    return await by_model.refined(version, analysis, known=known, key=key)


def analyze_locally(
    version: VersionSnapshot, text: str, vector: Floats | None, *, language: str = ""
) -> tuple[Analysis, list[str]]:
    """What can be told without a language model, and the names of all intents, likely ones first.

    About 10 ms once the models are loaded.
    """
    confidences = intents.confidences(version, text, vector)
    found = shape.likeliest(confidences)
    analysis = Analysis(
        message=text,
        language=_language(version, text, language),
        intents=found,
        topIntent=shape.top(found),
        entities=entities(text),
        sentiment=None,
        engine="local",
    )
    return analysis, sorted(confidences, key=lambda name: -confidences[name])[:MOST_KNOWN]


def _language(version: VersionSnapshot, text: str, told: str) -> Language:
    languages = languages_of(version)
    if known := match(told, languages):
        return Language(code=known, confidence=1.0)
    code, confidence = likeliest(text, languages)
    return Language(code=code, confidence=confidence)
