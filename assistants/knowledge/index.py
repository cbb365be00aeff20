"""All vectors of one assistant in memory, and the few assistants that a process keeps there."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from assistants.knowledge.embedding import DIMENSIONS, MODEL_ID, Floats
from assistants.models import KnowledgeVector

MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Index:
    """``matrix`` holds a vector a row; rows of one entry follow each other from its start on."""

    entries: tuple[UUID, ...]
    starts: NDArray[np.intp]
    matrix: Floats

    @classmethod
    def of(cls, rows: Iterable[tuple[UUID, bytes]]) -> "Index":
        """Build from vectors that are sorted by their entry."""
        entries: list[UUID] = []
        starts: list[int] = []
        halves = bytearray()
        for number, (entry_id, vector) in enumerate(rows):
            if not entries or entries[-1] != entry_id:
                entries.append(entry_id)
                starts.append(number)
            halves += vector
        matrix = np.frombuffer(halves, np.float16).reshape(-1, DIMENSIONS).astype(np.float32)
        return cls(tuple(entries), np.array(starts, np.intp), matrix)

    def similarities(self, question: Floats) -> dict[UUID, float]:
        """Return each entry's cosine: that of the vector which fits best."""
        if not self.entries:
            return {}
        best = np.maximum.reduceat(self.matrix @ question, self.starts)
        return dict(zip(self.entries, best.tolist(), strict=True))


class Indexes:
    """The indexes used last, up to a number of bytes; a process never holds all tenants'."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[UUID, tuple[int, Index]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, assistant_id: UUID, revision: int) -> Index:
        """Return the index of this revision, read in the tenant's scope unless it is kept."""
        with self._lock:
            kept = self._kept.get(assistant_id)
            if kept is not None and kept[0] == revision:
                self._kept.move_to_end(assistant_id)
                return kept[1]
        # Not under the lock: other tenants need not wait. Two threads may read the same index.
        index = _read(assistant_id)
        with self._lock:
            self._kept[assistant_id] = (revision, index)
            self._kept.move_to_end(assistant_id)
            self._drop_oldest()
        return index

    def _drop_oldest(self) -> None:
        size = sum(index.matrix.nbytes for _, index in self._kept.values())
        while size > self._max_bytes and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            size -= dropped.matrix.nbytes


def _read(assistant_id: UUID) -> Index:
    rows = KnowledgeVector.objects.filter(entry__assistant_id=assistant_id, model=MODEL_ID)
    return Index.of(rows.order_by("entry_id", "id").values_list("entry_id", "halves").iterator())


indexes = Indexes()
