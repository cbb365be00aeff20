"""How often a process looks for garbage that only a collector finds."""

import gc

# Objects that must be new before the collector looks at the young ones. Answers and migrations make
# many that go by themselves; by the interpreter's own figure, to look takes a seventh of the time
# of an answer and a quarter of a migration's.
YOUNG = 20_000
MIDDLE, OLD = 20, 50


def look_less_often() -> None:
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def spare_what_stays() -> None:
    """Never look at what has been loaded so far: to be called at the end of a start."""
    gc.freeze()
