"""How cash and transfers reach a leader."""

from __future__ import annotations

from enum import StrEnum


class Way(StrEnum):
    """How a neighbour paid in person."""

    CASH = "cash"
    TRANSFER = "transfer"
