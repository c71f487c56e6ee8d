"""What a bargain is, and the term of the price that it reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from linli.kernel.price import Stage, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class BargainTerm(Term):
    """The price in fen that a bargain reached, for one piece of its offer."""

    kind: ClassVar[str] = "bargain"
    stage: ClassVar[Stage] = Stage.UNIT
    offer_id: int
    price_fen: int


class BargainTerms(NamedTuple):
    """How an offer is bargained for: down to which floor in fen, by how many helps, within how many hours."""

    offer_id: int
    floor_fen: int
    helps: int
    hours: int


class BargainValue(NamedTuple):
    """A member's bargain for one piece of an offer; `order_id` when it was bought."""

    id: int
    offer_id: int
    cycle_id: int
    member_id: int
    full_fen: int
    floor_fen: int
    price_fen: int
    helps: int
    helped: int
    started_at: datetime
    expires_at: datetime
    order_id: int | None
