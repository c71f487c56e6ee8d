"""Facts about buying, and the wish that a purchase order reaches its supplier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class PurchaseOrdersMade(Fact):
    """The purchase orders of a cycle are made."""

    name: ClassVar[str] = "supply.purchase_orders_made"
    cycle_id: int
    orders: int
    total_fen: int


@dataclass(frozen=True)
class PurchaseOrderSent(Fact):
    """A supplier was told what to deliver."""

    name: ClassVar[str] = "supply.purchase_order_sent"
    cycle_id: int
    po_id: int
    supplier_id: int


@dataclass(frozen=True)
class SendPurchaseOrder(Wish):
    """Write the papers of a purchase order and put it before its supplier."""

    name: ClassVar[str] = "supply.send_purchase_order"
    po_id: int
