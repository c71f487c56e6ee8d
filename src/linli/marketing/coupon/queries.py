"""Coupons and templates as members and operators see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, func, or_, select

from linli.kernel.refusals import NotFound
from linli.marketing.coupon import store
from linli.marketing.coupon.model import CouponState, CouponValue, Figures
from linli.marketing.coupon.records import Coupon, Template
from linli.platform.database import Tx


class NoSuchTemplate(NotFound):
    """There is no such coupon template in this region, or none that may be claimed."""

    title = "没有这种优惠券"


class NoSuchCoupon(NotFound):
    """The member has no such coupon."""

    title = "没有这张优惠券"


async def template(tx: Tx, template_id: int) -> Template:
    """Return a template; refuses NoSuchTemplate."""
    found = await tx.first(select(Template).where(Template.region_id == tx.region_id, Template.id == template_id))
    if found is None:
        raise NoSuchTemplate(f"no template {template_id}")
    return found


async def templates(tx: Tx, *, after: int, limit: int) -> Sequence[Template]:
    """Return a page of the region's templates by id."""
    page = select(Template).where(Template.region_id == tx.region_id, Template.id > after)
    return await tx.all(page.order_by(Template.id).limit(limit))


async def figures(tx: Tx, template_ids: Sequence[int]) -> dict[int, Figures]:
    """Return what became of the coupons of templates."""

    def standing(state: str) -> object:
        return func.count(case((Coupon.state == state, 1)))

    counts = (standing(CouponState.CLAIMED), standing(CouponState.LOCKED), standing(CouponState.SPENT))
    fen = func.coalesce(func.sum(case((Coupon.state == CouponState.SPENT, Coupon.taken_fen))), 0)
    members = func.count(func.distinct(Coupon.member_id))
    here = (Coupon.region_id == tx.region_id, Coupon.template_id.in_(template_ids))
    grouped = select(Coupon.template_id, *counts, fen, members).where(*here).group_by(Coupon.template_id)  # type: ignore[call-overload]
    return {row[0]: Figures(row[1], row[2], row[3], int(row[4]), row[5]) for row in await tx.execute(grouped)}


async def claimable(tx: Tx, member_id: int) -> list[tuple[Template, int]]:
    """Return the templates that members may claim now and that are not gone, each with how many this member claimed."""
    mine = (
        select(func.count())
        .where(Coupon.region_id == tx.region_id, Coupon.template_id == Template.id, Coupon.member_id == member_id)
        .where(Coupon.turn.is_not(None))
        .scalar_subquery()
    )
    open_now = (
        Template.region_id == tx.region_id, Template.claimable, Template.stopped_at.is_(None),
        or_(Template.valid_until.is_(None), Template.valid_until > tx.now),
        or_(Template.stock.is_(None), Template.issued < Template.stock),
    )  # fmt: skip
    found = await tx.rows(select(Template, mine).where(*open_now).order_by(Template.id).limit(200))
    return [(row[0], int(row[1] or 0)) for row in found]


async def coupons_of_member(tx: Tx, member_id: int, *, before: int | None, limit: int) -> list[CouponValue]:
    """Return a member's coupons, the newest first, those with a smaller id than `before`."""
    where = [Coupon.member_id == member_id, *([] if before is None else [Coupon.id < before])]
    return await store.coupons(tx, *where, limit=limit)


async def usable_coupons(tx: Tx, member_id: int, limit: int = 100) -> list[CouponValue]:
    """Return the coupons that a member could use now, the newest first."""
    now = (Coupon.valid_from <= tx.now, Coupon.valid_until > tx.now, Coupon.state == CouponState.CLAIMED)
    return await store.coupons(tx, Coupon.member_id == member_id, *now, limit=limit)


async def coupon_of_member(tx: Tx, coupon_id: int, member_id: int) -> CouponValue:
    """Return one coupon of a member; refuses NoSuchCoupon."""
    found = await store.coupons(tx, Coupon.id == coupon_id, Coupon.member_id == member_id)
    if not found:
        raise NoSuchCoupon(f"no coupon {coupon_id}")
    return found[0]
