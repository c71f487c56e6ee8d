"""What a promotion is asked: one order of a batch, before it is priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from linli.kernel.price import Buyer, Item, Stage, Term


@dataclass(frozen=True, slots=True)
class Ask:
    """An order that somebody wants to place; `at` is its turn in the batch, `using` what its orderer chose, by
    promotion."""

    at: int
    member_id: int
    station_id: int
    leader_id: int
    cycle_id: int
    items: tuple[Item, ...]
    buyer: Buyer
    using: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFee(Term):
    """What sending an express order costs, in fen; nothing when its goods come to `free_from_fen` or more."""

    kind: ClassVar[str] = "delivery"
    stage: ClassVar[Stage] = Stage.FEE
    fee_fen: int
    free_from_fen: int | None = None
