"""Facts about goods that arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class GoodsReceived(Fact):
    """A receipt was signed for a purchase order; `complete` when nothing of it is open any more."""

    name: ClassVar[str] = "warehouse.goods_received"
    cycle_id: int
    po_id: int
    receipt_id: int
    complete: bool


@dataclass(frozen=True)
class ReceivingFinished(Fact):
    """Everything a cycle ordered has arrived or is known not to come."""

    name: ClassVar[str] = "warehouse.receiving_finished"
    cycle_id: int
