"""What is noted when goods arrive, and what other rooms learn of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived of one sku: pieces accepted, short and rejected; `over` allows more than was ordered.

    The temperature is in tenths of a degree Celsius.
    """

    sku_id: int
    accepted: int = 0
    short: int = 0
    rejected: int = 0
    over: bool = False
    reason: str = ""
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    temperature_tenths: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Pieces ordered of a sku and what became of them so far; `over` of the accepted were beyond the order."""

    ordered: int
    accepted: int = 0
    short: int = 0
    rejected: int = 0
    over: int = 0

    @property
    def open(self) -> int:
        """Return the ordered pieces of which nothing is known yet."""
        return self.ordered + self.over - self.accepted - self.short - self.rejected


@dataclass(frozen=True, slots=True)
class ColdLimits:
    """From which temperature (tenths of a degree) goods of a storage class alarm, and from which they are refused."""

    alarm_above: int
    refuse_above: int


@dataclass(frozen=True, slots=True)
class ReceiptLineValue:
    """One line of a receipt; a correction's pieces may be negative."""

    sku_id: int
    accepted: int
    short: int
    rejected: int
    over: int
    reason: str
    lot: str
    produced_on: date | None
    expires_on: date | None
    temperature_tenths: int | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class ReceiptValue:
    """A signed receipt; `corrects` names the receipt whose statement it changes."""

    id: int
    po_id: int
    cycle_id: int
    supplier_id: int
    corrects: int | None
    signed_by: str
    note: str
    digest: str
    received_at: datetime
    by: str
    lines: tuple[ReceiptLineValue, ...]


@dataclass(frozen=True, slots=True)
class LotValue:
    """From which delivery pieces of a sku came: the evidence of a complaint."""

    receipt_id: int
    supplier_id: int
    sku_id: int
    lot: str
    produced_on: date | None
    expires_on: date | None
    temperature_tenths: int | None
    accepted: int
    received_at: datetime
