"""Settings of promotions: which kinds may meet in one basket, and what sending an express order costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from linli.kernel.price import DEFAULT_STACKING, KINDS
from linli.platform.settings import Setting, declare


@dataclass(frozen=True)
class StackingPlan:
    """At most so many terms of a kind (kinds that are not named: any number), and pairs of kinds that stay apart."""

    most: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_STACKING.most))
    apart: list[tuple[str, str]] = field(default_factory=list)


def _possible(plan: StackingPlan) -> None:
    named = {*plan.most, *(kind for pair in plan.apart for kind in pair)}
    unknown = sorted(named - set(KINDS))
    if unknown:
        raise ValueError(f"no such kinds: {', '.join(unknown)}")
    if any(count < 0 for count in plan.most.values()):
        raise ValueError("at most so many is zero or more")


STACKING: Setting[StackingPlan] = declare(
    "pricing.stacking",
    StackingPlan,
    StackingPlan(),
    "优惠叠加规则：most 为每种优惠在一单中最多几项（默认优惠券一张），apart 为不能同单使用的两种优惠",
    _possible,
)


@dataclass(frozen=True)
class DeliveryPlan:
    """Fen for sending an order, free from an amount of goods on (None: never), and what some provinces cost more."""

    fee_fen: int = 800
    free_from_fen: int | None = 5_900
    more_by_province: dict[str, int] = field(default_factory=dict)


def _payable(plan: DeliveryPlan) -> None:
    if min(plan.fee_fen, plan.free_from_fen or 0, *plan.more_by_province.values()) < 0:
        raise ValueError("no amount is below zero")


DELIVERY: Setting[DeliveryPlan] = declare(
    "pricing.delivery",
    DeliveryPlan,
    DeliveryPlan(),
    "直发商品运费（分）：fee_fen 每单运费，free_from_fen 商品满额包邮（空为不包邮），more_by_province 各省另加",
    _payable,
)
