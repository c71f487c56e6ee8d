"""Frozen demand as other topics see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DemandValue:
    """The frozen demand of a cycle: how much it is, and the digest of its lines."""

    cycle_id: int
    lines: int
    pieces: int
    digest: str
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class SkuDemand:
    """How many pieces of a sku a cycle wants, at how many stations."""

    offer_id: int
    sku_id: int
    quantity: int
    stations: int
