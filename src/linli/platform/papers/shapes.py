"""What each paper needs to know, as frozen values that refuse to be built when they do not add up.

Units: `*_fen` whole fen, `*_metres` whole metres, counts whole numbers; every `datetime` is an aware UTC instant,
printed in the head's zone; a `date` is a calendar day of the region and printed as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Storage = Literal["ambient", "chilled", "frozen"]
CodeKind = Literal["qr", "code128", "ean13"]
LabelStock = Literal["roll", "a4"]


@dataclass(frozen=True, slots=True)
class Code:
    """A machine-readable code on a paper: its text, and how it is drawn."""

    text: str
    kind: CodeKind = "qr"


@dataclass(frozen=True, slots=True)
class Head:
    """What every paper says about itself: who issues it, for which region, made when, read in which zone."""

    issuer: str
    region: str
    made_at: datetime
    zone: str = "Asia/Shanghai"


# 采购单


@dataclass(frozen=True, slots=True)
class Party:
    """Someone a paper is addressed to, or a place goods go to."""

    name: str
    address: str = ""
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One sku we order: whole packs of a stated size, the price of one unit and the amount of the line."""

    sku: str
    name: str
    spec: str
    unit: str
    packs: int
    pack_size: int
    quantity: int
    price_fen: int
    amount_fen: int

    def __post_init__(self) -> None:
        if self.packs * self.pack_size != self.quantity:
            raise ValueError(f"{self.sku}: {self.packs} × {self.pack_size} is not {self.quantity}")


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """采购单: one version of what we order from one supplier."""

    head: Head
    number: str
    version: int
    supplier: Party
    deliver_to: Party
    deliver_by: datetime
    lines: tuple[PurchaseLine, ...]
    total_fen: int
    code: Code
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _adds_up(f"purchase order {self.number}", sum(line.amount_fen for line in self.lines), self.total_fen)


# 分拣单


@dataclass(frozen=True, slots=True)
class ToteShare:
    """How many of a product go into one tote."""

    tote: str
    station: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SortProduct:
    """A product of the wave, its total and the totes it is spread over."""

    sku: str
    name: str
    spec: str
    storage: Storage
    total: int
    totes: tuple[ToteShare, ...]

    def __post_init__(self) -> None:
        _adds_up(f"sorting of {self.sku}", sum(share.quantity for share in self.totes), self.total)


@dataclass(frozen=True, slots=True)
class SortingList:
    """分拣单: product totals of a wave, then each product over its totes."""

    head: Head
    wave: str
    deliver_on: date
    due_at: datetime
    products: tuple[SortProduct, ...]


# 自提点提货单


@dataclass(frozen=True, slots=True)
class StationLine:
    """One product in a member's order."""

    name: str
    spec: str
    storage: Storage
    quantity: int


@dataclass(frozen=True, slots=True)
class StationOrder:
    """A member's order at the station; the phone must already be masked."""

    serial: int
    member: str
    masked_phone: str
    lines: tuple[StationLine, ...]
    remark: str = ""

    def __post_init__(self) -> None:
        _masked(self.masked_phone)


@dataclass(frozen=True, slots=True)
class StationList:
    """What one leader hands out at one station."""

    station: str
    community: str
    leader: str
    leader_phone: str
    address: str
    arrive_at: datetime
    orders: tuple[StationOrder, ...]


@dataclass(frozen=True, slots=True)
class StationLists:
    """自提点提货单: the lists of any number of stations in one file, each starting its own page 1."""

    head: Head
    cycle: str
    deliver_on: date
    stations: tuple[StationList, ...]


# 标签


@dataclass(frozen=True, slots=True)
class Label:
    """One bag's label: bag `part` of `parts` of an order, `pieces` in it, kept in one storage class."""

    leader: str
    community: str
    station: str
    tote: str
    order_serial: int
    member: str
    part: int
    parts: int
    pieces: int
    storage: Storage
    code: Code

    def __post_init__(self) -> None:
        if not 1 <= self.part <= self.parts:
            raise ValueError(f"label {self.part}/{self.parts} of order {self.order_serial} does not exist")


@dataclass(frozen=True, slots=True)
class Labels:
    """标签: one label a page on a 100 × 60 mm roll, or eight to an A4 sheet with cutting lines."""

    head: Head
    deliver_on: date
    labels: tuple[Label, ...]
    stock: LabelStock = "roll"


# 拣货单


@dataclass(frozen=True, slots=True)
class PickLine:
    """How many of a sku to fetch, and from where."""

    sku: str
    name: str
    spec: str
    place: str
    storage: Storage
    quantity: int


@dataclass(frozen=True, slots=True)
class PickSlip:
    """What goes into one tote; `run` says which route and stop it leaves on."""

    tote: str
    station: str
    community: str
    leader: str
    run: str
    lines: tuple[PickLine, ...]
    code: Code


@dataclass(frozen=True, slots=True)
class PickSlips:
    """拣货单: one slip per tote of a wave, each on its own page."""

    head: Head
    wave: str
    deliver_on: date
    slips: tuple[PickSlip, ...]


# 配送单


@dataclass(frozen=True, slots=True)
class RouteStop:
    """One visit: arrival as planned, the window the station allows, and the totes to hand over."""

    station: str
    community: str
    leader: str
    phone: str
    address: str
    arrive_at: datetime
    open_from: datetime
    open_until: datetime
    totes: tuple[str, ...]
    pieces: int
    cold: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class RouteSheet:
    """配送单: a driver's stops in the order they are driven, with room for signatures."""

    head: Head
    run: str
    deliver_on: date
    driver: str
    driver_phone: str
    vehicle: str
    depart_at: datetime
    return_at: datetime
    distance_metres: int
    stops: tuple[RouteStop, ...]
    code: Code


# 结算单


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One amount and why it is there; a deduction is negative."""

    day: date
    what: str
    why: str
    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class StatementSection:
    """Lines of one kind (commission, bonus, claw-back, tax …), totalled together."""

    title: str
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """结算单: what a leader (or supplier) is owed for a period of days, both included, and why."""

    head: Head
    title: str
    number: str
    payee: Party
    period_from: date
    period_until: date
    sections: tuple[StatementSection, ...]
    payable_fen: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        found = sum(line.amount_fen for section in self.sections for line in section.lines)
        _adds_up(f"statement {self.number}", found, self.payable_fen)


Paper = PurchaseOrder | SortingList | StationLists | Labels | PickSlips | RouteSheet | Statement


def _adds_up(what: str, found: int, stated: int) -> None:
    if found != stated:
        raise ValueError(f"{what} does not add up: its lines make {found}, it says {stated}")


def _masked(phone: str) -> None:
    if sum(letter.isdigit() for letter in phone) > 7:
        raise ValueError("a member's phone must be masked before it is printed")
