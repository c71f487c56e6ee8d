"""What one rehearsed day knows of itself: its cycle, offers and orders, and what each stage told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from linli.rehearsal.catalogue import Good
from linli.rehearsal.persons import Json
from linli.rehearsal.preset import DayShape
from linli.rehearsal.town import Country, Member, Station, Town
from linli.rehearsal.world import World


@dataclass
class Placed:
    """An order as its member remembers it; `member` is None when the leader ordered for a neighbour."""

    id: str
    station: Station
    payable_fen: int
    lines: list[Json]
    member: Member | None = None
    paid: bool = False
    cancelled: bool = False
    collected: bool = False
    code: str = ""
    pay_path: str = ""


@dataclass
class Day:
    """One cycle from publishing to the ledger check."""

    world: World
    country: Country
    town: Town
    delivery_date: date
    cycle: Json = field(default_factory=dict)
    offers: dict[str, tuple[Good, Json]] = field(default_factory=dict)
    orders: list[Placed] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def shape(self) -> DayShape:
        """Return how people behave on this day."""
        return self.town.preset.day

    @property
    def cycle_id(self) -> str:
        """Return the cycle's id."""
        return str(self.cycle["id"])

    def instant(self, name: str, later: timedelta = timedelta()) -> datetime:
        """Return one of the cycle's instants in UTC, or so much later."""
        return datetime.fromisoformat(self.cycle[name]) + later

    async def until(self, name: str, later: timedelta = timedelta()) -> None:
        """Let time pass until one of the cycle's instants, or so much later."""
        await self.world.at(self.instant(name, later))

    def standing(self) -> list[Placed]:
        """Return the orders that were paid and not cancelled."""
        return [order for order in self.orders if order.paid and not order.cancelled]

    def at_station(self, station: Station) -> list[Placed]:
        """Return the standing orders of a station."""
        return [order for order in self.standing() if order.station is station]


@dataclass(frozen=True)
class Told:
    """What a stage has to tell: one line in plain Chinese, one in English, and its figures."""

    chinese: str
    english: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One part of the day: its clock name, its title, and what people do in it."""

    name: str
    title: str
    english: str
    act: Callable[[Day], Awaitable[Told]]
    wanted: Callable[[Day], bool] = lambda day: True
