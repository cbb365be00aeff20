"""The table that a run ends with."""

import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmarks.chat import Chat
from benchmarks.crowd import Crowd
from benchmarks.fanout import FanOut
from benchmarks.herd import Herd
from benchmarks.inbox import Inbox
from benchmarks.noisy import Noise
from benchmarks.percentiles import Summary
from benchmarks.stalled import Stalled
from benchmarks.streaming import Streaming

# What the product is meant to keep; ratios and differences within one run, never bare figures.
MOST_OVERHEAD_MS = 25.0
MOST_FANOUT_RATIO = 2.0
MOST_SOCKET_KIB = 30.0
MOST_STREAMING_RATIO = 2.5
MOST_STREAMING_CPU_MS = 35.0
MOST_WORKER_MIB = 250.0
MOST_STALLED_MIB = 64.0
MOST_CROWD_MIB = 100.0
MOST_HERD_SECONDS = 15.0
MOST_DISTURBED_RATIO = 1.2
# The large tenant's time to the small one's, or as many milliseconds.
MOST_INBOX_RATIO = 5.0
MOST_INBOX_MS = 50.0

Row = tuple[str, ...]


def heading() -> None:
    say(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def load() -> str:
    return "load " + " ".join(f"{value:.2f}" for value in os.getloadavg())


def chat(results: dict[int, Chat]) -> None:
    rows = []
    for visitors, result in results.items():
        ours, engine = result.product, result.engine
        aim = MOST_OVERHEAD_MS if visitors == 20 else None
        added = ours.p50 - engine.p50
        rows.append(
            (
                str(visitors),
                *_times(ours.p50, ours.p99),
                *_times(engine.p50, engine.p99),
                *_times(added, ours.p99 - engine.p99),
                _verdict(added, aim, unit="ms"),
            )
        )
    say(f"\nPOST chat, and what it adds to the bare engine, in ms ({load()})")
    names = ("visitors", "p50", "p99", "engine p50", "engine p99", "added p50", "added p99", "aim")
    table(names, rows)


def rush(result: Chat, *, visitors: int) -> None:
    ours, engine = result.per_second
    say(f"\nAnswers per second with {visitors} visitors who never pause ({load()})")
    row = (f"{ours:.0f}", f"{engine:.0f}", f"{ours / engine:.2f}")
    table(("product", "engine", "ratio"), [row])
    cpu = ", ".join(f"{name} {value:.1f}" for name, value in result.cpu_ms.items())
    say(f"  Each takes so many ms of a core: {cpu or 'this system does not tell'}")


def fanout(ours: FanOut, bare: FanOut) -> None:
    rows = []
    for count, latency in ours.latency.items():
        base = bare.latency[count]
        ratio = latency.p99 / base.p99
        aim = MOST_FANOUT_RATIO if count == max(ours.latency) else None
        rows.append(
            (
                str(count),
                *_times(latency.p50, latency.p99),
                *_times(base.p50, base.p99),
                f"{ratio:.2f}",
                str(ours.lost[count]),
                _verdict(ratio, aim, unit="×"),
            )
        )
    say(f"\nCommit → dashboard sockets, in ms; frames of {ours.frame_bytes} bytes ({load()})")
    table(("sockets", "p50", "p99", "bare p50", "bare p99", "p99 ratio", "lost", "aim"), rows)
    weight, base_weight = ours.socket_kib, bare.socket_kib
    say("\nMemory of the web process per idle socket, in KiB")
    aim_text = _verdict(weight, MOST_SOCKET_KIB, unit="KiB")
    table(("product", "bare", "aim"), [(f"{weight:.1f}", f"{base_weight:.1f}", aim_text)])


def streaming(result: Streaming) -> None:
    ours, bare = result.product, result.bare
    ratio = ours.p99 / bare.p99
    say(f"\nAnswers that a model streams, {ours.count} at once in one worker, in ms ({load()})")
    names = ("p50", "p99", "bare p50", "bare p99", "p99 ratio", "aim")
    verdict = _verdict(ratio, MOST_STREAMING_RATIO, unit="×")
    seconds = _times(ours.p50, ours.p99, bare.p50, bare.p99)
    table(names, [(*seconds, f"{ratio:.2f}", verdict)])
    cpu = _verdict(result.cpu_ms, MOST_STREAMING_CPU_MS, unit="ms")
    memory = _verdict(result.worker_mib, MOST_WORKER_MIB, unit="MiB")
    table(
        ("ms of a core each", "aim", "worker MiB", "aim"),
        [(f"{result.cpu_ms:.1f}", cpu, f"{result.worker_mib:.0f}", memory)],
    )


def stalled(result: Stalled) -> None:
    say(f"\nCommit → sockets that read, in ms, beside others that read or do not ({load()})")
    _disturbance(
        result.beside_readers,
        result.beside_stalled,
        failures=("lost", result.lost),
        aim=MOST_DISTURBED_RATIO,
    )
    verdict = _verdict(result.mib, MOST_STALLED_MIB, unit="MiB")
    names = ("MiB more", "aim", "not cut off")
    table(names, [(f"{result.mib:.1f}", verdict, str(result.still_open))])


def crowd(result: Crowd) -> None:
    say(f"\nA page's config, in ms, beside {result.count} sockets that prove nothing ({load()})")
    _disturbance(result.alone, result.beside, failures=("failed", result.failures))
    closes = _counted(result.closes)
    verdict = _verdict(result.mib, MOST_CROWD_MIB, unit="MiB")
    lives = _times(result.lives.p50 / 1000, result.lives.p99 / 1000)
    names = ("MiB more", "aim", "closed with", "after s p50", "p99")
    table(names, [(f"{result.mib:.1f}", verdict, closes, *lives)])


def herd(result: Herd) -> None:
    say(f"\n{result.back.count} sockets back after their server's death, in s ({load()})")
    verdict = _verdict(result.last, MOST_HERD_SECONDS, unit="s")
    row = (
        *_times(result.back.p50 / 1000, result.last, result.bare_last),
        f"{result.last / result.bare_last:.1f}",
        str(result.missing),
        verdict,
    )
    table(("p50", "last", "bare last", "ratio", "missing", "aim"), [row])
    say(f"  Refused on the way: {_counted(result.refusals) or 'none'}")


def noisy(result: Noise) -> None:
    failures = ("failed", result.failures)
    say(f"\nPOST chat of a tenant beside one whose visitors ask all at once, in ms ({load()})")
    _disturbance(result.alone, result.beside_burst, failures=failures)
    p50, p99 = _times(result.burst.p50, result.burst.p99)
    say(f"  The other one's {result.burst.count} answers: p50 {p50}, p99 {p99}")
    say("\nThe same beside one whose visitors are refused most of what they write, in ms")
    _disturbance(result.alone, result.beside, failures=failures, aim=MOST_DISTURBED_RATIO)
    say(f"  The other one got: {_counted(result.answers)}")


def inbox(result: Inbox) -> None:
    for name, lines in result.plans.items():
        say(f"\n{name}")
        for line in lines:
            say(f"    {line}")
    rows = []
    for act, (small, large) in result.times.items():
        ratio = large.p50 / small.p50
        is_kept = ratio <= MOST_INBOX_RATIO or large.p50 <= MOST_INBOX_MS
        times = _times(small.p50, small.p99, large.p50, large.p99)
        rows.append((act, *times, f"{ratio:.1f}", "yes" if is_kept else "NO"))
    say(f"\nLists and searches among {result.messages:,} messages, in ms ({load()})")
    aim = f"≤ {MOST_INBOX_RATIO:g} × or {MOST_INBOX_MS:g} ms"
    table(("act", "small p50", "p99", "large p50", "p99", "ratio", aim), rows)


def _disturbance(
    before: Summary, beside: Summary, *, failures: tuple[str, int], aim: float | None = None
) -> None:
    """Compare what somebody waits for alone and beside others."""
    ratio = beside.p99 / before.p99
    name, count = failures
    names = ("p50", "p99", "beside p50", "beside p99", "p99 ratio", name, "aim")
    verdict = _verdict(ratio, aim, unit="×")
    seconds = _times(before.p50, before.p99, beside.p50, beside.p99)
    table(names, [(*seconds, f"{ratio:.2f}", str(count), verdict)])


def costs(acts: dict[str, tuple[int, int]]) -> None:
    say("\nPostgreSQL")
    rows = [(act, str(statements), str(trips)) for act, (statements, trips) in acts.items()]
    table(("act", "statements", "round trips"), rows)


def table(names: Row, rows: Iterable[Row]) -> None:
    lines = [names, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    for line in lines:
        cells = zip(line, widths, strict=True)
        say("  " + "  ".join(cell.rjust(width) for cell, width in cells))


def _times(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.1f}" for value in values)


def _counted(counts: Counter[Any]) -> str:
    return ", ".join(f"{count} × {what}" for what, count in counts.most_common())


def _verdict(value: float, aim: float | None, *, unit: str) -> str:
    if aim is None:
        return ""
    return f"≤ {aim:g} {unit}: {'yes' if value <= aim else 'NO'}"
