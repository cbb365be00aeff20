"""The chat completions of OpenAI, and of all servers that are compatible with them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.profiles.openai import openai_model_profile
from pydantic_ai.settings import ModelSettings

from assistants.providers import openai_codec as codec
from assistants.providers import patience
from assistants.providers.accounts import Account
from assistants.providers.errors import ProviderError
from assistants.providers.server_sent_events import EventStream

# Of all calls in one answer: nobody has so much to say to a tool, and all of it is kept.
MOST_ARGUMENTS = 100_000
THINKING_TAGS = ("<think>", "</think>")
END = b"[DONE]"


def model(name: str, account: Account, http: httpx2.AsyncClient) -> "ChatModel":
    return ChatModel(name, account, http)


class ChatModel(Model[httpx2.AsyncClient]):
    """One model of one account. Raises ProviderError, and what ``errors.FAILURES`` lists."""

    def __init__(self, name: str, account: Account, http: httpx2.AsyncClient) -> None:
        # Whoever serves a model of their own may take control signs in a text for such.
        tokenizes_signs = not account.has_list_price
        super().__init__(
            profile=ModelProfile(
                context_window=None, may_tokenize_special_tokens_in_content=tokenizes_signs
            )
        )
        self._name, self._account, self._http = name, account, http
        thinks = openai_model_profile(name).get("thinking_enabled_by_default", False)
        self._takes_temperature = not thinks

    @property
    def model_name(self) -> str:
        return self._name

    @property
    def system(self) -> str:
        return "openai"

    @property
    def base_url(self) -> str:
        return self._account.base_url

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        body = self._body(messages, model_settings, model_request_parameters, stream=False)
        async with asyncio.timeout(patience.REQUEST_SECONDS), self._post(body) as answer:
            read = Answer(model_request_parameters, self, answer, _whole(answer))
            async for _ in read:
                pass
            return read.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: Any = None,
    ) -> AsyncIterator[StreamedResponse]:
        body = self._body(messages, model_settings, model_request_parameters, stream=True)
        # One timer for all: those of pydantic-ai, one for each event, take a tenth of the time.
        async with (
            asyncio.timeout(patience.FIRST_WORD_SECONDS) as limit,
            self._post(body) as answer,
        ):
            yield Answer(model_request_parameters, self, answer, _pieces(answer), limit)

    def _body(
        self,
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
        *,
        stream: bool,
    ) -> bytes:
        chosen = settings or {}
        return codec.encode(
            self._name,
            messages,
            instructions="\n\n".join(part.content for part in parameters.instruction_parts or ()),
            tools=parameters.function_tools,
            max_tokens=chosen.get("max_tokens"),
            temperature=chosen.get("temperature") if self._takes_temperature else None,
            stream=stream,
        )

    @asynccontextmanager
    async def _post(self, body: bytes) -> AsyncIterator[httpx2.Response]:
        headers = {
            # A server that asks for no key is sent one that opens nothing.
            "Authorization": f"Bearer {self._account.key or 'none'}",
            "Content-Type": "application/json",
            "User-Agent": "LiveChat",
        }
        url = f"{self.base_url}/chat/completions"
        async with self._http.stream("POST", url, headers=headers, content=body) as answer:
            if not answer.is_success:
                raise ProviderError(codec.failure(answer.status_code, await answer.aread()))
            yield answer


@dataclass
class Answer(StreamedResponse):
    """An answer that is put together from its pieces; ``limit`` is that of its first word."""

    _model: ChatModel
    _response: httpx2.Response
    _pieces: AsyncIterator[codec.Piece]
    _limit: asyncio.Timeout | None = None
    _begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    _arguments: int = 0

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        async for piece in self._pieces:
            self._usage = piece.usage or self._usage
            self.finish_reason = piece.finish_reason or self.finish_reason
            for event in self._events(piece):
                self._wait_for_the_rest()
                yield event

    def _events(self, piece: codec.Piece) -> Iterator[ModelResponseStreamEvent]:
        parts = self._parts_manager
        if piece.thought:
            name, thought = piece.thought
            yield from parts.handle_thinking_delta(vendor_part_id=name, id=name, content=thought)
        if piece.text:
            yield from parts.handle_text_delta(
                vendor_part_id="text", content=piece.text, thinking_tags=THINKING_TAGS
            )
        for call in piece.calls:
            self._arguments += len(call.arguments or "")
            if self._arguments > MOST_ARGUMENTS:
                raise ProviderError("malformed")
            yield from parts.handle_tool_call_delta_events(
                vendor_part_id=("call", call.place),
                tool_name=call.name,
                args=call.arguments,
                tool_call_id=call.id,
            )

    def _wait_for_the_rest(self) -> None:
        if self._limit is not None and (end := self._limit.when()):
            self._limit.reschedule(end - patience.FIRST_WORD_SECONDS + patience.REQUEST_SECONDS)
            self._limit = None

    async def close_stream(self) -> None:
        await self._response.aclose()

    @property
    def model_name(self) -> str:
        return self._model.model_name

    @property
    def provider_name(self) -> str:
        return self._model.system

    @property
    def provider_url(self) -> str:
        return self._model.base_url

    @property
    def timestamp(self) -> datetime:
        return self._begun


async def _pieces(answer: httpx2.Response) -> AsyncIterator[codec.Piece]:
    if "application/json" in answer.headers.get("Content-Type", ""):
        # A server that does not stream though it was asked to.
        async for piece in _whole(answer):
            yield piece
        return
    is_open = False
    async for data in _events_of(answer):
        if data.startswith(END):
            return
        piece = codec.decode_chunk(data)
        is_open = not piece.finish_reason and (is_open or bool(piece.text or piece.calls))
        yield piece
    # Without a length, a server that died in the middle closes like one that is done.
    if is_open:
        raise ProviderError("unreachable")


async def _events_of(answer: httpx2.Response) -> AsyncIterator[bytes]:
    events = EventStream()
    async for content in answer.aiter_raw():
        for data in events.feed(content):
            yield data
    for data in events.rest():
        yield data


async def _whole(answer: httpx2.Response) -> AsyncIterator[codec.Piece]:
    yield codec.decode_answer(await answer.aread())
