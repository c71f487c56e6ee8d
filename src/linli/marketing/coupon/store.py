"""SQL of coupons: issuing under the template's lock, locking for orders, and the guarded budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, cast, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as pg_insert

from linli.marketing.coupon.model import COUPON, CouponValue
from linli.marketing.coupon.records import Coupon, Template
from linli.platform.database import Tx
from linli.platform.machines import move_many

OWN = ("id", "template_id", "member_id", "state", "source", "claimed_at", "valid_from", "valid_until")
OF_TEMPLATE = ("title", "form", "off_fen", "off_bp", "threshold_fen", "category_ids", "offer_ids", "segment")
COUPON_VALUE = (
    *(getattr(Coupon, name) for name in OWN), Coupon.order_id, Coupon.taken_fen,
    *(getattr(Template, name) for name in OF_TEMPLATE),
    Template.first_order, Template.budget_fen, Template.taken_fen.label("budget_taken_fen"),
)  # fmt: skip
SPEND_BUDGETS = text(
    "UPDATE marketing.coupon_templates AS t SET taken_fen = t.taken_fen + w.fen "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:fen AS bigint[])) AS w (id, fen) "
    "WHERE t.region_id = :region_id AND t.id = w.id AND t.budget_fen IS NOT NULL"
)


def _whole(tx: Tx) -> Any:
    """Return the reading of coupons with their templates."""
    same = (Template.region_id == Coupon.region_id, Template.id == Coupon.template_id)
    return select(*COUPON_VALUE).join(Template, same[0] & same[1]).where(Coupon.region_id == tx.region_id)


async def coupons(tx: Tx, *where: Any, limit: int | None = None) -> list[CouponValue]:
    """Return coupons with their templates, the newest first."""
    found = await tx.execute(_whole(tx).where(*where).order_by(Coupon.id.desc()).limit(limit))
    return [CouponValue(*row) for row in found]


async def named(tx: Tx, ids: Iterable[int], *, lock: bool) -> dict[int, CouponValue]:
    """Return coupons by id, locked in ascending order when they are to be taken."""
    wanted = _whole(tx).where(Coupon.id.in_(sorted(ids))).order_by(Coupon.id)
    found = await tx.execute(wanted.with_for_update(of=Coupon) if lock else wanted)
    return {row.id: CouponValue(*row) for row in found}


async def budgets(tx: Tx, template_ids: Iterable[int], *, lock: bool) -> dict[int, int]:
    """Return what is left of the budgets of templates that have one, locked in ascending order when asked."""
    here = (Template.region_id == tx.region_id, Template.id.in_(sorted(template_ids)), Template.budget_fen.is_not(None))
    left = select(Template.id, (Template.budget_fen - Template.taken_fen).label("left")).where(*here)
    found = await tx.execute(left.order_by(Template.id).with_for_update() if lock else left)
    return {row.id: row.left for row in found}


async def lock_for_orders(tx: Tx, taken: Mapping[int, tuple[int, int]]) -> int:
    """Lock coupons for orders (coupon → order, fen taken off); returns how many could be."""

    def of_row(column: int) -> Any:
        by_id = literal({str(coupon_id): str(pair[column]) for coupon_id, pair in taken.items()}, JSONB)
        return by_id[cast(Coupon.id, Text)].astext.cast(BigInteger)

    values = {"order_id": of_row(0), "taken_fen": of_row(1)}
    moved = await move_many(tx, Coupon, COUPON, "lock", Coupon.id.in_(sorted(taken)), values=values)
    return len(moved)


async def spend(tx: Tx, order_id: int) -> list[int]:
    """Mark the coupons spent that an order holds; returns their ids."""
    return await move_many(tx, Coupon, COUPON, "spend", Coupon.order_id == order_id, values={"spent_at": tx.now})


async def change_budgets(tx: Tx, fen: Mapping[int, int]) -> None:
    """Take from (or with negative fen give back to) the budgets of templates, in ascending order of id."""
    await budgets(tx, fen, lock=True)
    ids = sorted(fen)
    await tx.execute(SPEND_BUDGETS, {"region_id": tx.region_id, "ids": ids, "fen": [fen[each] for each in ids]})


async def free(tx: Tx, order_ids: Sequence[int]) -> dict[int, int]:
    """Free the coupons that orders hold or spent; returns template → fen that they had taken off."""
    here = (Coupon.region_id == tx.region_id, Coupon.order_id.in_(order_ids))
    held = select(Coupon.id, Coupon.template_id, Coupon.taken_fen).where(*here).order_by(Coupon.id)
    found = (await tx.execute(held.with_for_update())).all()
    if not found:
        return {}
    values: dict[str, Any] = {"order_id": None, "taken_fen": 0, "spent_at": None}
    ids = [row.id for row in found]
    await move_many(tx, Coupon, COUPON, "give_back", Coupon.id.in_(ids), values=values, reason="order given back")
    fen: dict[int, int] = {}
    for row in found:
        fen[row.template_id] = fen.get(row.template_id, 0) + row.taken_fen
    return fen


async def locked_template(tx: Tx, *where: Any) -> Template | None:
    """Lock one template's row and return it."""
    here = select(Template).where(Template.region_id == tx.region_id, *where)
    return await tx.first(here.with_for_update())


async def add_template(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a template; False when another one that is not stopped has its key."""
    fresh = pg_insert(Template).values(**row).on_conflict_do_nothing().returning(Template.id)
    return (await tx.execute(fresh)).first() is not None


async def stop(tx: Tx, template_id: int) -> None:
    """Stop the issuing of a template; the first time counts."""
    here = (Template.region_id == tx.region_id, Template.id == template_id, Template.stopped_at.is_(None))
    await tx.execute(update(Template).where(*here).values(stopped_at=tx.now))


async def claimed(tx: Tx, template_id: int, member_id: int) -> int:
    """Return how many coupons of a template a member has claimed."""
    here = (Coupon.region_id == tx.region_id, Coupon.template_id == template_id, Coupon.member_id == member_id)
    return int(await tx.scalar(select(func.count()).where(*here, Coupon.turn.is_not(None))))


async def given(tx: Tx, template_id: int, refs: Sequence[str]) -> dict[str, int]:
    """Return which of these reasons were answered with a coupon: ref → coupon."""
    here = (Coupon.region_id == tx.region_id, Coupon.template_id == template_id, Coupon.ref.in_(refs))
    return {row.ref: row.id for row in await tx.execute(select(Coupon.ref, Coupon.id).where(*here))}


async def issue(tx: Tx, template_id: int, rows: list[dict[str, Any]]) -> None:
    """Insert coupons of a locked template and count them; the template's CHECK has the last word on its stock."""
    here = (Template.region_id == tx.region_id, Template.id == template_id)
    await tx.execute(update(Template).where(*here).values(issued=Template.issued + len(rows)))
    await tx.execute(insert(Coupon), rows)
