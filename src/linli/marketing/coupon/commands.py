"""Coupons at work: made as templates, claimed, given, used by orders, given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linli import people, sale
from linli.kernel.price import Basket, Buyer, Item, Quote, Term, price
from linli.kernel.refusals import Conflict
from linli.marketing.coupon import store
from linli.marketing.coupon.model import COUPON, DEFAULTS, CouponState, CouponValue, Source, Weighed
from linli.marketing.coupon.queries import (
    NoSuchCoupon,
    NoSuchTemplate,
    coupon_of_member,
    template,
    usable_coupons,
)
from linli.marketing.coupon.records import Template
from linli.marketing.coupon.rules import CouponUnclear, check_template, chosen, term_of, validity
from linli.marketing.promotion.commands import Desk, Promotion, open_desks, promotion
from linli.marketing.promotion.model import Ask
from linli.marketing.promotion.queries import stacking
from linli.platform.database import Tx

BLANK: dict[str, Any] = {
    "key": "", "off_fen": 0, "off_bp": 0, "threshold_fen": 0, "category_ids": [], "offer_ids": [], "segment": "",
    "first_order": False, "claimable": False, "stock": None, "budget_fen": None, "per_member": 1, "valid_from": None,
    "valid_until": None, "valid_days": None,
}  # fmt: skip


class TemplateKeyTaken(Conflict):
    """Another template of this key is in use; stop it first."""

    title = "该名称的优惠券已存在"


class TemplateStopped(Conflict):
    """No more coupons of this template are issued: it was stopped or its time is over."""

    title = "优惠券已停止发放"


class CouponsGone(Conflict):
    """Fewer coupons are left than are wanted; facts: left."""

    title = "优惠券已领完"


class ClaimLimitReached(Conflict):
    """The member has claimed as many coupons of this template as a member may; facts: limit."""

    title = "已达领取上限"


class CouponExpired(Conflict):
    """The coupon's time is over, or has not begun; facts: valid_from, valid_until."""

    title = "优惠券不在有效期内"


class CouponInUse(Conflict):
    """The coupon is held by an order that is not paid yet, or was spent; facts: state."""

    title = "优惠券已被使用"


class CouponBudgetSpent(Conflict):
    """What the coupon's campaign may cost is used up; facts: left_fen."""

    title = "优惠活动预算已用完"


async def make_template(tx: Tx, *, title: str, form: str, **given: Any) -> int:
    """Make a template of coupons (fields as in its table, fen and basis points) and return its id.

    Refuses TemplateContradicts and TemplateKeyTaken.
    """
    row = BLANK | given | {"title": title, "form": form}
    check_template(row)
    same = {"region_id": tx.region_id, "issued": 0, "taken_fen": 0, "stopped_at": None, "made_at": tx.now, "by": tx.by}
    template_id = await tx.new_id()
    if not await store.add_template(tx, row | same | {"id": template_id}):
        raise TemplateKeyTaken(f"a template {row['key']} is in use", key=row["key"])
    return template_id


async def make_defaults(tx: Tx) -> list[int]:
    """Make those of the named default templates that the region lacks, and return their ids."""
    made = []
    for default in DEFAULTS:
        if await store.locked_template(tx, *_in_use(default["key"])) is None:
            made.append(await make_template(tx, **default))
    return made


async def stop_template(tx: Tx, *, template_id: int) -> Template:
    """Issue no more coupons of a template; those that members have stay valid; refuses NoSuchTemplate."""
    await template(tx, template_id)
    await store.stop(tx, template_id)
    return await template(tx, template_id)


async def claim(tx: Tx, *, member_id: int, template_id: int) -> CouponValue:
    """Let a member claim a coupon, while there are any and not more than a member may.

    Refuses NoSuchTemplate, TemplateStopped, ClaimLimitReached and CouponsGone.
    """
    row = await store.locked_template(tx, Template.id == template_id)
    if row is None or not row.claimable:
        raise NoSuchTemplate(f"no template {template_id} to claim")
    _check_issuing(tx, row)
    had = await store.claimed(tx, template_id, member_id)
    if had >= row.per_member:
        raise ClaimLimitReached("no more for one member", limit=row.per_member)
    (coupon_id,) = await _issue(tx, row, [(member_id, "")], Source.CLAIMED, "", turn=had + 1)
    return await coupon_of_member(tx, coupon_id, member_id)


async def give_coupon(
    tx: Tx, *, member_id: int, template: str, reason: str, ref: str, source: str = Source.COMPENSATION
) -> int | None:
    """Give a member a coupon of a named template, once per ref (what it is for), and return its id.

    None when the region has no such template in use or its coupons are gone: nobody is refused anything for that.
    """
    row = await store.locked_template(tx, *_in_use(template))
    if row is None:
        return None
    known = await store.given(tx, row.id, [ref])
    if known:
        return known[ref]
    if (row.stock is not None and row.issued >= row.stock) or (row.valid_until and row.valid_until <= tx.now):
        return None
    (coupon_id,) = await _issue(tx, row, [(member_id, ref)], source, reason)
    facts = {"title": "收到一张优惠券", "text": f"{row.title}：{reason}"}
    await people.notify(tx, to=f"member:{member_id}", event="coupon.given", facts=facts)
    return coupon_id


async def give_coupons(tx: Tx, *, template_id: int, member_ids: Iterable[int], reason: str, ref: str) -> int:
    """Give each of some members a coupon, once per ref, all or none; returns how many were given now.

    Refuses NoSuchTemplate, NoSuchMember, TemplateStopped and CouponsGone.
    """
    wanted = sorted(set(member_ids))
    row = await store.locked_template(tx, Template.id == template_id)
    if row is None:
        raise NoSuchTemplate(f"no template {template_id}")
    _check_issuing(tx, row)
    known = await people.members(tx, wanted)
    missing = [str(member_id) for member_id in wanted if member_id not in known]
    if missing:
        raise people.NoSuchMember(f"no member {missing[0]}", member_ids=missing[:20])
    refs = {f"{ref}:{member_id}": member_id for member_id in wanted}
    had = await store.given(tx, row.id, list(refs))
    fresh = [(member_id, each) for each, member_id in refs.items() if each not in had]
    if fresh:
        await _issue(tx, row, fresh, Source.GIVEN, reason)
        facts = {"title": "收到一张优惠券", "text": f"{row.title}：{reason}"}
        told: list[tuple[str, dict[str, object]]] = [(f"member:{member_id}", dict(facts)) for member_id, _ in fresh]
        await people.notify_many(tx, event="coupon.given", messages=told)
    return len(fresh)


async def spend_coupons(tx: Tx, *, order_id: int) -> int:
    """Mark spent what a paid order holds; returns how many; told twice, or for a cancelled order, none."""
    return len(await store.spend(tx, order_id))


async def free_coupons(tx: Tx, *, order_ids: Sequence[int]) -> None:
    """Give the coupons of orders back to their members, and what they had taken off to their budgets; twice is once."""
    fen = {template_id: -taken for template_id, taken in (await store.free(tx, order_ids)).items() if taken}
    if fen:
        await store.change_budgets(tx, fen)


async def weigh(tx: Tx, *, member_id: int, cycle_id: int, lines: Mapping[int, int]) -> list[Weighed]:
    """Tell of each coupon that a member could use now what it would save on a basket (offer → pieces), or why nothing.

    The one that saves most comes first. Refuses NoSuchOffer and NoSuchMember.
    """
    member = await people.member(tx, member_id)
    found = await sale.offers(tx, ids=list(lines))
    for offer_id in lines:
        if offer_id not in found or found[offer_id].cycle_id != cycle_id:
            raise sale.NoSuchOffer(f"no offer {offer_id} in this cycle", offer_id=str(offer_id))
    items = tuple(
        Item(each.id, lines[each.id], each.price_fen, each.category_id, each.kind, each.flags)
        for each in found.values()
    )
    station_id = member.station_id or 0
    leader_id = await people.leader_of_station(tx, station_id) if station_id else 0
    ask = Ask(0, member_id, station_id, leader_id, cycle_id, items, Buyer(member.orders_paid), {})
    desks = await open_desks(tx, asks=[ask], holding=False)
    terms = tuple(term for desk in desks for term in desk.terms(ask))
    basket = Basket(items, ask.buyer, tx.now, terms, await stacking(tx))
    weighed = [_weighed(basket, coupon) for coupon in await usable_coupons(tx, member_id)]
    return sorted(weighed, key=lambda each: (-each.saves_fen, each.coupon.valid_until, each.coupon.id))


def _weighed(basket: Basket, coupon: CouponValue) -> Weighed:
    term = term_of(coupon)
    without, by = price(basket).payable_fen, price(basket._replace(terms=(*basket.terms, term)))
    why, saves_fen = dict(by.unused).get(term.source, ""), max(0, without - by.payable_fen)
    if coupon.budget_fen is not None and saves_fen > coupon.budget_fen - coupon.budget_taken_fen:
        why, saves_fen = "budget_spent", 0
    return Weighed(coupon, saves_fen, why)


def _in_use(key: str) -> tuple[Any, ...]:
    return Template.key == key, Template.stopped_at.is_(None)


def _check_issuing(tx: Tx, row: Template) -> None:
    if row.stopped_at is not None or (row.valid_until is not None and row.valid_until <= tx.now):
        raise TemplateStopped("no more coupons of this template are issued")


async def _issue(
    tx: Tx, row: Template, to: Sequence[tuple[int, str]], source: str, reason: str, turn: int | None = None
) -> list[int]:
    """Write coupons of a locked template to members, each with its ref; refuses CouponsGone."""
    if row.stock is not None and row.issued + len(to) > row.stock:
        raise CouponsGone("too few coupons are left", left=row.stock - row.issued)
    begins, ends = validity(
        tx.now, valid_from=row.valid_from, valid_until=row.valid_until, valid_days=row.valid_days
    )  # fmt: skip
    same = {
        "region_id": tx.region_id, "template_id": row.id, "state": COUPON.initial, "source": str(source), "turn": turn,
        "reason": reason, "claimed_at": tx.now, "valid_from": begins, "valid_until": ends, "order_id": None,
        "taken_fen": 0, "spent_at": None,
    }  # fmt: skip
    ids = await tx.new_ids(len(to))
    rows = [same | {"id": each, "member_id": member, "ref": ref} for each, (member, ref) in zip(ids, to, strict=True)]
    await store.issue(tx, row.id, rows)
    return ids


class CouponDesk(Desk):
    """The coupons that a batch of orders names, and what is left of their budgets."""

    def __init__(self, coupons: Mapping[int, CouponValue], left_fen: dict[int, int], tx: Tx) -> None:
        self.coupons, self.left_fen, self.now = coupons, left_fen, tx.now
        self.taken: dict[int, tuple[int, int]] = {}

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the terms of the coupons that an order names.

        Refuses CouponUnclear, NoSuchCoupon (also another member's), CouponInUse and CouponExpired.
        """
        return [term_of(self._mine(coupon_id, ask.member_id)) for coupon_id in chosen(ask.using)]

    def _mine(self, coupon_id: int, member_id: int) -> CouponValue:
        found = self.coupons.get(coupon_id)
        if found is None or found.member_id != member_id:
            raise NoSuchCoupon(f"no coupon {coupon_id} of yours", coupon_id=str(coupon_id))
        if found.state != CouponState.CLAIMED or coupon_id in self.taken:
            state = CouponState.LOCKED if coupon_id in self.taken else found.state
            raise CouponInUse("an order has this coupon", coupon_id=str(coupon_id), state=str(state))
        if not found.valid_from <= self.now < found.valid_until:
            times = {"valid_from": found.valid_from.isoformat(), "valid_until": found.valid_until.isoformat()}
            raise CouponExpired("the coupon is not valid now", coupon_id=str(coupon_id), **times)
        return found

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse CouponBudgetSpent when an order's coupons would take more than is left of a budget."""
        wanted: dict[int, int] = {}
        for coupon, fen in self._used(quote):
            wanted[coupon.template_id] = wanted.get(coupon.template_id, 0) + fen
        for template_id, fen in wanted.items():
            left = self.left_fen.get(template_id, fen)
            if fen > left:
                raise CouponBudgetSpent("the budget of this coupon is used up", left_fen=left)

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note the coupons that an accepted order uses."""
        for coupon, fen in self._used(quote):
            self.taken[coupon.id] = (order_id, fen)
            if coupon.template_id in self.left_fen:
                self.left_fen[coupon.template_id] -= fen

    def _used(self, quote: Quote) -> list[tuple[CouponValue, int]]:
        used = []
        for step in quote.steps:
            name, _, number = step.source.partition(":")
            if name == CouponPromotion.name:
                used.append((self.coupons[int(number)], -step.amount_fen))
        return used

    async def write(self, tx: Tx) -> None:
        """Lock the coupons for their orders and count what they take off their budgets."""
        if not self.taken:
            return
        fen: dict[int, int] = {}
        for coupon_id, (_, taken) in self.taken.items():
            template_id = self.coupons[coupon_id].template_id
            if template_id in self.left_fen:
                fen[template_id] = fen.get(template_id, 0) + taken
        await store.lock_for_orders(tx, self.taken)
        if fen:
            await store.change_budgets(tx, fen)


@promotion
class CouponPromotion(Promotion):
    """Coupons that orders name by their ids."""

    name = "coupon"

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Read (and lock, when holding) all coupons that the batch names, and the budgets they draw on."""
        ids = {coupon_id for ask in asks if "coupon" in ask.using for coupon_id in _readable(ask)}
        if not ids:
            return CouponDesk({}, {}, tx) if any("coupon" in ask.using for ask in asks) else None
        found = await store.named(tx, ids, lock=holding)
        budgeted = {coupon.template_id for coupon in found.values() if coupon.budget_fen is not None}
        left = await store.budgets(tx, budgeted, lock=holding) if budgeted else {}
        return CouponDesk(found, left, tx)

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Free the coupons of orders."""
        await free_coupons(tx, order_ids=order_ids)


def _readable(ask: Ask) -> tuple[int, ...]:
    """Return the coupons an order names; one that names them wrongly is refused at its turn, not with its batch."""
    try:
        return chosen(ask.using)
    except CouponUnclear:
        return ()
