"""Plain values of a hand-over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The answer to a hand-over: complete when nothing is left; `repeated` when there was nothing left before."""

    order_id: int
    complete: bool
    repeated: bool
    at: datetime | None
    pieces: dict[int, int]
