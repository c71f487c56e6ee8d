"""Deals at work: bundles made, stopped and met within their budgets; newcomers' goods, one order of who paid none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from linli import sale
from linli.kernel.price import Quote, Term
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.marketing.deal import rules, store
from linli.marketing.deal.model import BundleTerm, BundleValue, NewcomerTerm, Parts
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.platform.database import Tx

BUNDLE = "bundle"
NEWCOMER = "newcomer"
LABEL = "新人专享"


class BundleRefused(BadInput):
    """Offers cannot be bundled like this; facts: reason."""

    title = "组合条件不成立"


class BundledAlready(Conflict):
    """One of the offers is in another running bundle."""

    title = "商品已在其他组合中"


class NoSuchBundle(NotFound):
    """There is no such bundle, or it was stopped; facts: bundle_id."""

    title = "没有这个组合"


class BundleDesk(Desk):
    """The running bundles that a batch's baskets meet, locked, with what is left of their budgets."""

    def __init__(self, bundles: Sequence[BundleValue]) -> None:
        self.bundles = {f"{BUNDLE}:{bundle.id}": bundle for bundle in bundles}
        self._taken: dict[int, int] = {}
        self._uses: list[Mapping[str, Any]] = []

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the bundles that are complete in the basket and whose budgets bear them."""
        return [
            BundleTerm(
                source=source,
                label=bundle.title,
                parts=bundle.parts,
                price_fen=bundle.price_fen,
                most=bundle.most,
                starts_at=bundle.starts_at,
                ends_at=bundle.ends_at,
            )
            for source, bundle in self.bundles.items()
            if bundle.cycle_id == ask.cycle_id and self._borne(bundle, ask)
        ]

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note what bundles took off an accepted order."""
        for step in quote.steps:
            bundle = self.bundles.get(step.source)
            if bundle is not None:
                fen = -step.amount_fen
                self._taken[bundle.id] = self._taken.get(bundle.id, 0) + fen
                times = rules.fits(bundle.parts, ask.items, bundle.most)
                use = {"bundle_id": bundle.id, "order_id": order_id, "times": times, "taken_fen": fen}
                self._uses.append(use)

    async def write(self, tx: Tx) -> None:
        """Store what was taken; the budget's CHECK is the last word."""
        if self._uses:
            await store.take(tx, self._uses)

    def _borne(self, bundle: BundleValue, ask: Ask) -> bool:
        saving = rules.saving(bundle.parts, bundle.price_fen, ask.items, bundle.most)
        if saving and bundle.budget_fen is not None:
            return bundle.taken_fen + self._taken.get(bundle.id, 0) + saving <= bundle.budget_fen
        return saving > 0


@promotion
class Bundles(Promotion):
    """Bundles as orders meet them: by themselves, whenever a basket holds all their parts."""

    name = BUNDLE

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> BundleDesk | None:
        """Open the desk when a running bundle holds two offers of a basket; locks bundles in ascending id."""
        offers = {item.offer_id for ask in asks if len(ask.items) > 1 for item in ask.items}
        found = await store.meeting(tx, offers, lock=holding) if offers else []
        return BundleDesk(found) if found else None

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Give what was taken back to the budgets."""
        await store.give_back(tx, order_ids)


async def bundle_offers(
    tx: Tx,
    *,
    cycle_id: int,
    title: str,
    price_fen: int,
    parts: Parts,
    most: int = 0,
    budget_fen: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> BundleValue:
    """Sell offers of a cycle together for less, from now until its cut-off unless told otherwise.

    Below cost only within a budget (fen that it may take off in all). Refuses NoSuchCycle, BundleRefused and
    BundledAlready.
    """
    cycle = await sale.cycle(tx, cycle_id)
    offers = {
        id: each for id, each in (await sale.offers(tx, ids=[id for id, _ in parts])).items() if not each.withdrawn
    }
    here = {id: each for id, each in offers.items() if each.cycle_id == cycle_id}
    prices, costs = ({id: getattr(o, name) for id, o in here.items()} for name in ("price_fen", "cost_fen"))
    starts, ends = starts_at or tx.now, ends_at or cycle.cut_off_at
    trouble = rules.bundle_trouble(parts, price_fen, prices, costs, budget_fen)
    trouble = trouble or ("" if starts < ends <= cycle.cut_off_at else "not_before_cut_off")
    if trouble:
        raise BundleRefused(f"not bundled like this: {trouble}", reason=trouble)
    made = BundleValue(
        await tx.new_id(), cycle_id, title, price_fen, most, starts, ends, budget_fen, 0, None, tuple(sorted(parts))
    )
    row = {name: value for name, value in made._asdict().items() if name != "parts"}
    if not await store.add(tx, {**row, "made_at": tx.now, "by": tx.by}, made.parts):
        raise BundledAlready("an offer is in another running bundle")
    return made


async def stop_bundle(tx: Tx, *, bundle_id: int) -> BundleValue:
    """Stop a bundle: orders that have it keep it; its offers can be bundled anew; refuses NoSuchBundle."""
    await store.stop(tx, bundle_id)
    found = await store.bundles(tx, ids=[bundle_id])
    if not found:
        raise NoSuchBundle(f"no bundle {bundle_id}", bundle_id=str(bundle_id))
    return found[0]


class NewcomerOnce(Conflict):
    """The member has another order with newcomers' goods; facts: order_id."""

    title = "新人专享限购一单"


class NewcomerDesk(Desk):
    """The members of a batch who want newcomers' goods, locked, with the order that has theirs."""

    def __init__(self, orders: Mapping[int, int | None]) -> None:
        self.orders = dict(orders)
        self._bought: dict[int, int] = {}

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return what makes the price depend on being a newcomer; refuses a second order."""
        if not _wants(ask):
            return ()
        self._check(ask)
        return (NewcomerTerm(source=f"{NEWCOMER}:{ask.member_id}", label=LABEL, asked=True),)

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse the second of two orders that were placed at the same time."""
        if _wants(ask):
            self._check(ask)

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note the order that has the member's newcomer goods."""
        if _wants(ask):
            self._bought[ask.member_id] = self.orders[ask.member_id] = order_id

    async def write(self, tx: Tx) -> None:
        """Store which orders have the newcomer goods."""
        if self._bought:
            await store.buy_as_newcomer(tx, self._bought)

    def _check(self, ask: Ask) -> None:
        other = self.orders.get(ask.member_id)
        if other is not None:
            raise NewcomerOnce("one order with newcomers' goods", order_id=str(other))


@promotion
class Newcomers(Promotion):
    """Newcomers' goods as orders meet them: by themselves, whenever a basket holds an offer of the kind."""

    name = NEWCOMER

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> NewcomerDesk | None:
        """Open the desk for baskets with newcomers' goods; locks their members in ascending id."""
        members = {ask.member_id for ask in asks if _wants(ask)}
        return NewcomerDesk(await store.newcomers(tx, members, lock=holding)) if members else None

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Let the members of cancelled orders be newcomers again."""
        await store.newcomers_again(tx, order_ids)


def _wants(ask: Ask) -> bool:
    return any(item.kind == NEWCOMER for item in ask.items)
