"""The life of a parcel, and what others see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class ParcelState(StrEnum):
    """Whether a parcel is under way or with the member."""

    SENT = "sent"
    RECEIVED = "received"


PARCEL = Machine(
    "parcel", ParcelState.SENT, {"receive": ((ParcelState.SENT,), ParcelState.RECEIVED)}, final=(ParcelState.RECEIVED,)
)


@dataclass(frozen=True, slots=True)
class ParcelValue:
    """A parcel of an order: who carries it under which number, its pieces (line id → pieces), when it was sent and
    received, and whether the member or the clock said so."""

    id: int
    order_id: int
    supplier_id: int
    member_id: int
    carrier: str
    tracking: str
    state: ParcelState
    pieces: Mapping[int, int]
    sent_at: datetime
    received_at: datetime | None
    receive_by: datetime
