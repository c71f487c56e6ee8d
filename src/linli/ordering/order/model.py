"""The life of an order (placed to closed, or cancelled) and the plain values other rooms see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from linli.kernel.machine import Machine


class OrderState(StrEnum):
    """Where an order stands; refunds are amounts on its lines, not states."""

    PLACED = "placed"
    PAID = "paid"
    TEAMING = "teaming"
    CONFIRMED = "confirmed"
    BOUGHT = "bought"
    SORTED = "sorted"
    ON_THE_WAY = "on_the_way"
    AT_STATION = "at_station"
    COLLECTED = "collected"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Payment(StrEnum):
    """How an order is to be paid: by the member's phone, or by cash or transfer that a person confirms."""

    ONLINE = "online"
    OFFLINE = "offline"


_S = OrderState

ORDER = Machine(
    "order",
    OrderState.PLACED,
    {
        "pay": ((_S.PLACED,), _S.PAID),
        "team": ((_S.PAID,), _S.TEAMING),
        "confirm": ((_S.PAID, _S.TEAMING), _S.CONFIRMED),
        "buy": ((_S.CONFIRMED,), _S.BOUGHT),
        "sort": ((_S.BOUGHT,), _S.SORTED),
        "depart": ((_S.SORTED,), _S.ON_THE_WAY),
        "arrive": ((_S.ON_THE_WAY,), _S.AT_STATION),
        "collect": ((_S.AT_STATION,), _S.COLLECTED),
        "ship": ((_S.BOUGHT,), _S.ON_THE_WAY),  # express: from the supplier to the door
        "receive": ((_S.ON_THE_WAY,), _S.COLLECTED),
        "close": ((_S.AT_STATION, _S.COLLECTED), _S.CLOSED),
        "cancel": ((_S.PLACED, _S.PAID, _S.TEAMING), _S.CANCELLED),
    },
    final=(OrderState.CLOSED, OrderState.CANCELLED),
)
BY_STATION = ("sort", "depart", "arrive")  # verbs that express orders never take
TO_DELIVER = (
    _S.PAID, _S.TEAMING, _S.CONFIRMED, _S.BOUGHT, _S.SORTED, _S.ON_THE_WAY, _S.AT_STATION, _S.COLLECTED, _S.CLOSED,
)  # fmt: skip
SENT_OUT = (_S.BOUGHT, _S.ON_THE_WAY, _S.COLLECTED)  # where an express order is its supplier's matter
STATE_WORDS = {
    _S.PLACED: "待付款", _S.PAID: "已付款", _S.TEAMING: "拼团中", _S.CONFIRMED: "已确认", _S.BOUGHT: "采购中",
    _S.SORTED: "已分拣", _S.ON_THE_WAY: "配送中", _S.AT_STATION: "已到自提点", _S.COLLECTED: "已提货",
    _S.CLOSED: "已完成", _S.CANCELLED: "已取消",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineValue:
    """One line of an order as other rooms see it; amounts in fen, weights in grams."""

    id: int
    order_id: int
    offer_id: int
    sku_id: int
    supplier_id: int
    category_id: int
    storage_class: str
    name: str
    spec: str
    unit: str
    weighed: bool
    net_g: int
    gross_g: int
    volume_ml: int
    unit_price_fen: int
    cost_fen: int
    commission_bp: int
    commission_fen: int | None
    quality_window_hours: int
    order_window_hours: int
    quantity: int
    short_quantity: int
    refunded_quantity: int
    collected_quantity: int
    payable_fen: int
    paid_fen: int
    refunded_fen: int
    recognised_fen: int


@dataclass(frozen=True, slots=True)
class OrderValue:
    """An order with its lines as other rooms see it; amounts in fen, times in UTC."""

    id: int
    state: OrderState
    serial: int | None
    pickup_code: str
    member_id: int
    station_id: int
    leader_id: int
    cycle_id: int
    payment: Payment
    by_leader: int | None
    payer: str
    note: str
    payable_fen: int
    paid_fen: int
    placed_at: datetime
    hold_until: datetime
    paid_at: datetime | None
    collected_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    charge_id: int | None
    lines: tuple[LineValue, ...]
    express: bool = False
    fee_fen: int = 0
    fee_refunded_fen: int = 0


class AddressValue(NamedTuple):
    """Where an express order goes; `sealed` holds name, phone and street."""

    province: str
    city: str
    district: str
    sealed: str


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One line that is to be bought and handed over; amounts in fen."""

    line_id: int
    order_id: int
    serial: int
    station_id: int
    leader_id: int
    member_id: int
    offer_id: int
    sku_id: int
    supplier_id: int
    quantity: int
    short_quantity: int
    refunded_quantity: int
    unit_price_fen: int
    paid_fen: int
    refunded_fen: int
    paid_at: datetime
    biz_date: date


@dataclass(frozen=True, slots=True)
class DemandLine:
    """How many pieces of an offer a station's paid orders want together."""

    station_id: int
    leader_id: int
    offer_id: int
    sku_id: int
    quantity: int
    orders: int
