"""What a bundle is, and the terms that bundles and newcomers' goods become in a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from linli.kernel.price import Stage, Term

Parts = tuple[tuple[int, int], ...]  # offer, pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleTerm(Term):
    """These offers in these quantities together for so many fen, as often as they fit (`most` times, 0: any)."""

    kind: ClassVar[str] = "bundle"
    stage: ClassVar[Stage] = Stage.UNIT
    parts: Parts
    price_fen: int
    most: int = 0
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerTerm(Term):
    """The basket holds goods that only a member without a paid order gets; takes nothing off by itself."""

    kind: ClassVar[str] = "newcomer"
    stage: ClassVar[Stage] = Stage.UNIT


class BundleValue(NamedTuple):
    """A bundle as it is priced with; None budget means unlimited."""

    id: int
    cycle_id: int
    title: str
    price_fen: int
    most: int
    starts_at: datetime
    ends_at: datetime
    budget_fen: int | None
    taken_fen: int
    stopped_at: datetime | None
    parts: Parts = ()


class BundleFigures(NamedTuple):
    """What a bundle took off orders that stand: how many orders, how many bundles, how many fen."""

    orders: int = 0
    times: int = 0
    taken_fen: int = 0
