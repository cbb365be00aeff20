import asyncio

import httpcore2
import pytest

from tenants.outbound.pacing import PAUSE_SECONDS, PROMPT_READS, SIP_BYTES, PacedStream

WORD, PAGE = b"word", b"p" * SIP_BYTES


@pytest.fixture
def pauses(monkeypatch):
    """How long was slept, in which no time goes by."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


async def read(stream, count):
    return [await stream.read(SIP_BYTES) for _ in range(count)]


async def test_the_first_words_are_read_at_once_and_the_others_in_sips(pauses):
    stream = PacedStream(httpcore2.AsyncMockStream([WORD] * 10))

    assert await read(stream, PROMPT_READS) == [WORD] * PROMPT_READS
    assert pauses == []
    assert await read(stream, 3) == [WORD] * 3
    assert len(pauses) == 3
    assert all(0 < pause <= PAUSE_SECONDS for pause in pauses)


async def test_the_next_answer_of_a_connection_begins_at_once(pauses):
    stream = PacedStream(httpcore2.AsyncMockStream([WORD] * 10))
    await read(stream, PROMPT_READS)

    await stream.write(b"another question")
    await read(stream, PROMPT_READS)

    assert pauses == []


async def test_what_comes_in_bulk_is_not_held_up(pauses):
    stream = PacedStream(httpcore2.AsyncMockStream([*[PAGE] * 10, b""]))

    await read(stream, 11)

    assert pauses == []
