"""What many measurements come to."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Milliseconds."""

    p50: float
    p99: float
    count: int


def summary(seconds: Iterable[float]) -> Summary:
    values = sorted(1000 * value for value in seconds)
    if not values:
        return Summary(float("nan"), float("nan"), 0)
    return Summary(_at(values, 0.50), _at(values, 0.99), len(values))


def _at(values: list[float], share: float) -> float:
    return values[min(int(share * len(values)), len(values) - 1)]
