"""How long work takes on the machine that does it; instants of the business come from the clock instead."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from its making on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def millis(self) -> int:
        """Return the whole milliseconds since it was made."""
        return round((time.perf_counter() - self._began) * 1_000)
