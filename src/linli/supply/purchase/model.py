"""The life of a purchase order, and what other topics know of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class PurchaseState(StrEnum):
    """Where a purchase order stands; goods may arrive before its paper was sent."""

    MADE = "made"
    SENT = "sent"
    CONFIRMED = "confirmed"
    RECEIVED = "received"


_S = PurchaseState
PURCHASE = Machine(
    "purchase_order",
    _S.MADE,
    {
        "send": ((_S.MADE,), _S.SENT),
        "confirm": ((_S.SENT,), _S.CONFIRMED),
        "receive": ((_S.MADE, _S.SENT, _S.CONFIRMED), _S.RECEIVED),
    },
    final=(_S.RECEIVED,),
)


@dataclass(frozen=True, slots=True)
class Need:
    """What is bought of a sku: need = demand − stock used, ordered = need + rounding = packs × pack size."""

    demand: int
    stock_used: int
    packs: int
    pack_size: int

    @property
    def need(self) -> int:
        """Return the pieces that stock does not cover."""
        return self.demand - self.stock_used

    @property
    def ordered(self) -> int:
        """Return the pieces that are bought."""
        return self.packs * self.pack_size

    @property
    def rounding(self) -> int:
        """Return the pieces that are bought beyond the need, because they come in packs."""
        return self.ordered - self.need


@dataclass(frozen=True, slots=True)
class Difference:
    """A sku whose books of a cycle do not add up, and which number is not what it should be."""

    sku_id: int
    what: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class SupplierResult:
    """What a purchase order came to, in fen: ordered, delivered beyond it, claimed back for short and rejected."""

    po_id: int
    number: str
    cycle_id: int
    supplier_id: int
    supplier_name: str
    ordered_fen: int
    over_fen: int
    claimed_fen: int


@dataclass(frozen=True, slots=True)
class PurchaseLineValue:
    """One sku of a purchase order: pieces ordered and what became of them, amounts in fen."""

    sku_id: int
    offer_id: int
    name: str
    spec: str
    unit: str
    barcode: str
    storage_class: str
    packs: int
    pack_size: int
    quantity: int
    price_fen: int
    amount_fen: int
    accepted: int
    short: int
    rejected: int
    over: int


@dataclass(frozen=True, slots=True)
class PurchaseOrderValue:
    """A purchase order with its lines."""

    id: int
    cycle_id: int
    supplier_id: int
    supplier_name: str
    number: str
    version: int
    state: str
    delivery_date: date
    deliver_by: datetime
    total_fen: int
    made_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    received_at: datetime | None
    lines: tuple[PurchaseLineValue, ...]
