"""One answer of a language model while it is being made, and how it is kept while it waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from assistants import handover, prompts
from assistants.containment import Containment, addresses_in, fit
from assistants.engines import knowledge
from assistants.events import Usage
from assistants.grounding import Source, Sources
from assistants.knowledge.bands import Band, Hit
from assistants.knowledge.embedding import Floats
from assistants.length import shortened
from assistants.providers.accounts import Account, accounts_of
from assistants.providers.candidates import Candidate
from assistants.providers.usage import usage_of
from assistants.question import Question
from assistants.toolbox import ToolSnapshot
from assistants.tools.builtin import BUILTIN
from assistants.tools.schema import problems
from tenants.executor import run_in_db_thread
from tenants.scope import tenant_scope

PASSAGES = 5
HISTORY_CHARACTERS = 2_000
RESULT_CHARACTERS = 8_000


@dataclass
class Work:
    """The dialogue with the model, and all that its next step depends on.

    ``found`` is what the question finds; a turn that was resumed has not looked for it again.
    ``unapproved`` tells the team of each call that was not approved.
    """

    question: Question
    accounts: dict[UUID, Account]
    found: tuple[Band, list[Hit]] | None = None
    confidence: float = 0.0
    candidates: list[Candidate] = field(default_factory=list)
    messages: list[ModelMessage] = field(default_factory=list)
    results: list[ToolReturnPart] = field(default_factory=list)
    sources: Sources = field(default_factory=Sources)
    usage: Usage = field(default_factory=Usage)
    earlier_tokens: int = 0
    requests: int = 0
    draft: int = 0
    has_evidence: bool = False
    unapproved: list[str] = field(default_factory=list)
    is_over: bool = False
    _resumed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        version = self.question.version
        flow = version.flow(self.question.flow)
        own_words = (version.instructions, *version.guidelines, flow.instructions if flow else "")
        self.containment = Containment(domains=version.link_hosts)
        for address in addresses_in(*own_words):
            self.containment.allow(address)
        self.tools: dict[str, ToolSnapshot] = {tool.name: tool for tool in version.tools}
        self.parameters = ModelRequestParameters(function_tools=self._definitions())

    @classmethod
    async def begin(cls, question: Question) -> Self:
        """Look for passages, and begin the dialogue or take it up where it was paused."""
        if question.paused is not None:
            work = cls(question, await run_in_db_thread(accounts_of, question.version))
            work._restore(question.paused)
            return work
        vector = await knowledge.vector_soon(question.version, question.text)
        found, accounts = await run_in_db_thread(_prepare, question, vector)
        work = cls(question, accounts, found)
        _, hits = found
        work.confidence = round(hits[0].score, 3) if hits else 0.0
        work.messages = [
            *_history(question),
            work._request(prompts.asked(question, work.show(hits))),
        ]
        return work

    @property
    def response(self) -> ModelResponse:
        last = self.messages[-1]
        assert isinstance(last, ModelResponse)
        return last

    @property
    def pending(self) -> Sequence[ToolCallPart]:
        """The calls that were not answered when the turn was paused."""
        if not isinstance(self.messages[-1], ModelResponse):
            return ()
        answered = {result.tool_call_id for result in self.results}
        return [c for c in self.response.tool_calls if c.tool_call_id not in answered]

    @property
    def has_called(self) -> bool:
        """Whether a tool of the tenant's was to be called in this turn, whatever came of it."""
        parts = (part for message in self.messages for part in message.parts)
        return any(isinstance(p, ToolCallPart) and p.tool_name in self.tools for p in parts)

    @property
    def tokens(self) -> int:
        """Those of the whole turn; ``usage`` is that of this run alone."""
        return self.earlier_tokens + self.usage.tokens

    def show(self, hits: Iterable[Hit]) -> list[tuple[int, Source]]:
        """Number the best passages for the model; it may link to where they come from."""
        numbers = self.sources.add(list(hits)[:PASSAGES])
        for source in self.sources.shown:
            self.containment.allow(source.url)
        return [(number, self.sources.shown[number - 1]) for number in numbers]

    def take(self, response: ModelResponse, candidate: Candidate) -> None:
        _make_fit(response, number=self.requests)
        self.spend(response, candidate)
        self.messages.append(response)
        self.requests += 1

    def spend(self, response: ModelResponse, candidate: Candidate) -> None:
        self.usage += usage_of(candidate, response, self.messages)

    def arguments(self, call: ToolCallPart) -> dict[str, Any] | str:
        """What the call passes, or in one sentence why it cannot be made."""
        if call.tool_name in BUILTIN:
            schema = BUILTIN[call.tool_name][1]
        elif call.tool_name in self.tools:
            schema = self.tools[call.tool_name].parameters
        else:
            return "There is no such tool."
        try:
            args = call.args_as_dict()
        except (ValueError, AssertionError):
            return "The arguments are not a JSON object."
        return problems(schema, args) or args

    def resumes(self, call: ToolCallPart) -> bool:
        """Whether somebody has acted on this call since it paused the turn."""
        return call.tool_call_id in self._resumed

    def answer(self, call: ToolCallPart, result: str, *, is_evidence: bool = False) -> None:
        self.has_evidence |= is_evidence
        content = result[:RESULT_CHARACTERS]
        self.results.append(ToolReturnPart(call.tool_name, content, call.tool_call_id))

    def send_results(self) -> None:
        self.messages.append(self._request(*self.results))
        self.results = []

    def summary(self) -> str:
        """What the visitor wanted, for whoever goes on."""
        return handover.summary(self.question)

    def as_json(self) -> dict[str, Any]:
        kept = {
            "messages": ModelMessagesTypeAdapter.dump_python(self.messages, mode="json"),
            "results": [
                {"name": r.tool_name, "call": r.tool_call_id, "content": r.content}
                for r in self.results
            ],
            "sources": self.sources.as_json(),
            "confidence": self.confidence,
            "tokens": self.tokens,
            "requests": self.requests,
            "draft": self.draft,
            "hasEvidence": self.has_evidence,
            "unapproved": self.unapproved,
        }
        return dict(_fit(kept))

    def _restore(self, kept: Any) -> None:
        self.messages = ModelMessagesTypeAdapter.validate_python(kept["messages"])
        self.results = [ToolReturnPart(r["name"], r["content"], r["call"]) for r in kept["results"]]
        self.sources = Sources.from_json(kept["sources"])
        self.confidence = kept.get("confidence", 0.0)
        for source in self.sources.shown:
            self.containment.allow(source.url)
        self.earlier_tokens = kept["tokens"]
        self.requests, self.draft = kept["requests"], kept["draft"]
        self.has_evidence = kept["hasEvidence"]
        self.unapproved = kept.get("unapproved", [])
        self._resumed = frozenset(call.tool_call_id for call in self.pending)

    def _request(self, *parts: Any) -> ModelRequest:
        made = [UserPromptPart(part) if isinstance(part, str) else part for part in parts]
        return ModelRequest(made, instructions=prompts.instructions(self.question))

    def _definitions(self) -> list[ToolDefinition]:
        builtin = [
            ToolDefinition(name=name, description=description, parameters_json_schema=schema)
            for name, (description, schema) in BUILTIN.items()
        ]
        own = [
            ToolDefinition(
                name=tool.name, description=tool.description, parameters_json_schema=tool.parameters
            )
            for tool in self.tools.values()
        ]
        return [*builtin, *own]


def _prepare(
    question: Question, vector: Floats | None
) -> tuple[tuple[Band, list[Hit]], dict[UUID, Account]]:
    """What the database knows that the answer needs, in one transaction."""
    version = question.version
    with tenant_scope(version.tenant_id):
        return knowledge.find_by(version, question.text, vector), accounts_of(version)


def _make_fit(response: ModelResponse, *, number: int) -> None:
    """Cut long texts, and give every call an id of its own: some servers number them anew."""
    for place, part in enumerate(response.parts):
        if isinstance(part, TextPart):
            part.content = shortened(part.content)
        elif isinstance(part, ToolCallPart):
            part.tool_call_id = f"{str(part.tool_call_id)[:100]}-{number}-{place}"


def _fit(value: Any) -> Any:
    """The same JSON without what cannot be stored, wherever a server has put it."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, list):
        return [_fit(item) for item in value]
    if isinstance(value, dict):
        return {fit(name): _fit(item) for name, item in value.items()}
    return value


def _history(question: Question) -> list[ModelMessage]:
    """What was said before; to the model, members of the team speak with its own voice."""
    return [
        ModelRequest([UserPromptPart(prompts.said(text[:HISTORY_CHARACTERS]))])
        if who == "visitor"
        else ModelResponse([TextPart(text[:HISTORY_CHARACTERS])])
        for who, text in question.history
        if text.strip()
    ]
