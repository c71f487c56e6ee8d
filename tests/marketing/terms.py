"""Baskets and terms of every kind of promotion that has no orders of its own, for property tests of the price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from linli.kernel.price import Basket, Buyer, Item, Stacking, Term
from linli.marketing.bargain.model import BargainTerm
from linli.marketing.coupon.model import CouponTerm, Form
from linli.marketing.deal.model import BundleTerm, NewcomerTerm
from linli.marketing.gift.model import GiftTerm
from linli.marketing.points.model import EarnTerm, PointsTerm
from linli.marketing.promotion.model import DeliveryFee
from linli.marketing.step.model import Kind, Rung, StepTerm, TierTerm
from linli.marketing.team.model import TeamTerm

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RUNNING: dict[str, Any] = {"starts_at": NOON - DAY, "ends_at": NOON + DAY}
VALID: dict[str, Any] = {"valid_from": NOON - DAY, "valid_until": NOON + DAY}
FEN = st.integers(1, 60_000)
SHARE = st.integers(1, 10_000)
CATEGORIES = st.lists(st.sampled_from([1, 2, 3]), max_size=2, unique=True).map(tuple)
TIMES = st.sampled_from([timedelta(0), DAY, -DAY, 30 * DAY])


def coupon(number: int = 1, **given: Any) -> CouponTerm:
    """A coupon of 5 yuan that is valid at noon, unless said otherwise."""
    terms: dict[str, Any] = {"form": Form.AMOUNT, "off_fen": 500, **VALID}
    return CouponTerm(source=f"coupon:{number}", label="券", asked=True, **(terms | given))


def step(number: int = 1, **given: Any) -> StepTerm:
    """满50减5、满100减12 at noon, unless said otherwise."""
    terms: dict[str, Any] = {"by": Kind.AMOUNT, "rungs": (Rung(5_000, 500), Rung(10_000, 1_200)), **RUNNING}
    return StepTerm(source=f"step:{number}", label="满减", **(terms | given))


def tier(**given: Any) -> TierTerm:
    """9.5 折 for core members at noon, unless said otherwise."""
    terms: dict[str, Any] = {"off_bp": (("core", 500),), **RUNNING}
    return TierTerm(source="step:9", label="会员价", **(terms | given))


def gift(**given: Any) -> GiftTerm:
    """A gift from 30 yuan on for newcomers at noon, unless said otherwise."""
    terms: dict[str, Any] = {"threshold_fen": 3_000, "newcomers_only": True, "had": False, **RUNNING}
    return GiftTerm(source="gift:1", label="新人鸡蛋", **(terms | given))


def points(count: int, **given: Any) -> PointsTerm:
    """So many points, 100 of them a yuan, for a fifth of the basket at most, unless said otherwise."""
    return PointsTerm(source="points:1", label="积分", **({"points": count, "per_yuan": 100, "most_bp": 2_000} | given))


def _shifted(moved: timedelta, names: tuple[str, str]) -> dict[str, datetime]:
    return {names[0]: NOON - DAY + moved, names[1]: NOON + DAY + moved}


coupons = st.builds(
    lambda number, form, off, share, over, goods, first, moved: coupon(
        number, form=form, off_fen=off if form == Form.AMOUNT else off % 3 * off, off_bp=share, threshold_fen=over,
        category_ids=goods, first_order=first, **_shifted(moved, ("valid_from", "valid_until")),
    ),
    st.integers(1, 3), st.sampled_from(list(Form)), FEN, SHARE, st.integers(0, 60_000), CATEGORIES, st.booleans(),
    TIMES,
)  # fmt: skip
ladders = st.lists(st.integers(1, 50_000), min_size=1, max_size=3, unique=True).map(sorted)
steps = st.one_of(
    st.builds(
        lambda number, ladder, goods: step(
            number, rungs=tuple(Rung(at, at // (5 - place)) for place, at in enumerate(ladder)), category_ids=goods
        ),
        st.integers(1, 3), ladders, CATEGORIES,
    ),
    st.builds(lambda number, off: step(number, rungs=(Rung(off * 3, off),), every=True), st.integers(1, 3), FEN),
    st.builds(
        lambda number, ladder, share: step(
            number, by=Kind.QUANTITY, rungs=tuple(Rung(at % 50 + place * 50 + 1, 0, share) for place, at in
                                                  enumerate(ladder)),
        ),
        st.integers(1, 3), ladders, SHARE,
    ),
)  # fmt: skip
tiers = st.builds(lambda share: tier(off_bp=(("core", share),)), SHARE)
gifts = st.builds(
    lambda over, only, had: gift(threshold_fen=over, newcomers_only=only, had=had),
    st.integers(0, 60_000), st.booleans(), st.booleans(),
)  # fmt: skip
spending = st.builds(
    lambda count, worth, share: points(count, per_yuan=worth, most_bp=share),
    st.integers(1, 10**6), st.integers(1, 1_000), st.integers(0, 10_000),
)  # fmt: skip
earning = st.builds(lambda rate: EarnTerm(source="earn:1", label="积分", each_yuan=rate), st.integers(1, 50))
teams = st.builds(
    lambda offer, fen, later: TeamTerm(source="team:1", label="拼团", offer_id=offer, price_fen=fen, afterwards=later),
    st.integers(100, 108), st.integers(0, 20_000), st.booleans(),
)  # fmt: skip
bargains = st.builds(
    lambda offer, fen: BargainTerm(source="bargain:1", label="砍价", offer_id=offer, price_fen=fen),
    st.integers(100, 108), st.integers(0, 20_000),
)  # fmt: skip
bundles = st.builds(
    lambda first, one, other, fen, most: BundleTerm(
        source="bundle:1", label="组合", parts=((first, one), (first + 1, other)), price_fen=fen, most=most, **RUNNING
    ),
    st.integers(100, 104), st.integers(1, 3), st.integers(1, 3), st.integers(0, 40_000), st.integers(0, 3),
)  # fmt: skip
newcomers = st.builds(NewcomerTerm, source=st.just("newcomer:1"), label=st.just("新人专享"))
sending = st.builds(
    lambda fee, free: DeliveryFee(source="delivery:fee", label="运费", fee_fen=fee, free_from_fen=free),
    st.integers(0, 3_000), st.none() | st.integers(0, 60_000),
)  # fmt: skip
terms_of_all_kinds: st.SearchStrategy[tuple[Term, ...]] = st.lists(
    st.one_of(coupons, steps, tiers, gifts, spending, earning, teams, bargains, bundles, newcomers, sending),
    max_size=9,
    unique_by=lambda term: term.source,
).map(tuple)
kinds = st.sampled_from(["normal"] * 4 + ["gift"])
items = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 20_000), st.sampled_from([1, 2, 3]), kinds), min_size=1, max_size=8
).map(lambda lines: tuple(Item(100 + at, *line) for at, line in enumerate(lines)))  # fmt: skip
buyers = st.builds(Buyer, st.integers(0, 3), st.sampled_from(["", "core", "dormant"]))
stackings = st.builds(
    lambda most, apart: Stacking({"coupon": most}, frozenset(apart)),
    st.integers(0, 3), st.lists(st.sampled_from([("coupon", "step"), ("points", "coupon")]), max_size=2),
)  # fmt: skip
baskets = st.builds(Basket, items, buyers, st.just(NOON), terms_of_all_kinds, stackings)


def apples(fen: int, pieces: int = 1, **more: Any) -> Item:
    """One line of apples."""
    return Item(**({"offer_id": 1, "quantity": pieces, "price_fen": fen, "category_id": 1} | more))
