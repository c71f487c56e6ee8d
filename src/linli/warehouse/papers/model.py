"""What the papers of a cycle are printed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PaperKind(StrEnum):
    """Which paper of a cycle."""

    SORTING_LIST = "sorting-list"
    STATION_LISTS = "station-lists"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Place:
    """A station as papers name it."""

    name: str
    community: str
    address: str
    leader: str
    leader_phone: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member as papers name one: of the phone only the last digits."""

    name: str
    place: str
    phone: str


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One order line in one tote, with the names of the people it is for."""

    station_id: int
    serial: int
    order_id: int
    tote: str
    sku: str
    name: str
    spec: str
    storage: str
    quantity: int
    place: Place
    person: Person


@dataclass(frozen=True, slots=True)
class PapersOfCycle:
    """Everything the papers of a cycle are printed from."""

    region: str
    zone: str
    made_at: datetime
    delivery_date: date
    sorted_by: datetime
    delivered_by: datetime
    lines: tuple[PrintedLine, ...]
