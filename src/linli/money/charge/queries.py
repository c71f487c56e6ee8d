"""What is asked about charges, and the proof that what was paid stands in the sub-ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text

from linli.kernel.ids import day_of
from linli.money.charge import store
from linli.money.charge.model import ChargeState, ChargeValue
from linli.money.charge.records import ChargeRow, ShareRow
from linli.money.ledger.model import Difference
from linli.platform.database import Tx

PAID = text("""
SELECT coalesce(c.id, e.ref_id) AS charge_id,
  coalesce(c.fen, 0)::bigint AS paid_fen, coalesce(e.fen, 0)::bigint AS entry_fen
FROM (SELECT id, paid_fen AS fen FROM money.charges WHERE region_id = :region_id AND paid_fen > 0) c
FULL JOIN (SELECT ref_id, sum(amount_fen) AS fen FROM money.entries
  WHERE region_id = :region_id AND kind = 'paid' AND ref_kind = 'charge' GROUP BY ref_id) e ON e.ref_id = c.id
WHERE c.fen IS DISTINCT FROM e.fen""")
SHARES = text("""
SELECT coalesce(c.id, s.charge_id) AS charge_id, coalesce(c.paid_fen, 0)::bigint AS paid_fen,
  coalesce(c.refunded_fen, 0)::bigint AS refunded_fen, coalesce(s.amount_fen, 0)::bigint AS shares_owed,
  coalesce(c.amount_fen, 0)::bigint AS amount_fen, coalesce(s.paid_fen, 0)::bigint AS shares_paid,
  coalesce(s.refunded_fen, 0)::bigint AS shares_refunded
FROM (SELECT id, amount_fen, paid_fen, refunded_fen FROM money.charges WHERE region_id = :region_id) c
FULL JOIN (SELECT charge_id, sum(amount_fen) AS amount_fen, sum(paid_fen) AS paid_fen, sum(refunded_fen) AS refunded_fen
  FROM money.charge_orders WHERE region_id = :region_id GROUP BY charge_id) s ON s.charge_id = c.id
WHERE (c.amount_fen, c.paid_fen, c.refunded_fen) IS DISTINCT FROM (s.amount_fen, s.paid_fen, s.refunded_fen)""")


async def charge(tx: Tx, charge_id: int) -> ChargeValue | None:
    """Return a charge, or None."""
    row = await store.charge_row(tx, charge_id)
    return (await _values(tx, [row]))[0] if row else None


async def charge_of_member(tx: Tx, charge_id: int, member_id: int) -> ChargeValue | None:
    """Return a member's own charge, or None."""
    here = (ChargeRow.region_id == tx.region_id, ChargeRow.biz_date == day_of(charge_id), ChargeRow.id == charge_id)
    row = await tx.first(select(ChargeRow).where(*here, ChargeRow.member_id == member_id))
    return (await _values(tx, [row]))[0] if row else None


async def charges_of_order(tx: Tx, order_id: int) -> list[ChargeValue]:
    """Return the charges in which an order has a share, oldest first."""
    day = day_of(order_id)
    shared = (ShareRow.region_id == tx.region_id, ShareRow.biz_date == day, ShareRow.order_id == order_id)
    ids = [row[0] for row in await tx.execute(select(ShareRow.charge_id).where(*shared))]
    here = (ChargeRow.region_id == tx.region_id, ChargeRow.biz_date == day, ChargeRow.id.in_(ids))
    return await _values(tx, await tx.all(select(ChargeRow).where(*here).order_by(ChargeRow.id)))


async def _values(tx: Tx, rows: Sequence[ChargeRow]) -> list[ChargeValue]:
    shares = await store.shares_of(tx, [row.id for row in rows]) if rows else {}
    return [
        ChargeValue(
            row.id, ChargeState(row.state), row.channel, row.member_id, row.amount_fen, row.paid_fen, row.refunded_fen,
            shares[row.id], row.description, row.expires_at, row.paid_at, row.late, row.pay_url, row.attempt_id,
            row.pay_params,
        )
        for row in rows
    ]  # fmt: skip


async def charges_agree(tx: Tx) -> list[Difference]:
    """Compare paid charges with their entries, and charges with the sums of their shares."""
    here = {"region_id": tx.region_id}
    unlike = [
        Difference("a paid charge and its entries differ", str(row.charge_id), row.paid_fen, row.entry_fen)
        for row in await tx.execute(PAID, here)
    ]
    for row in await tx.execute(SHARES, here):
        pairs = {
            "owed": (row.amount_fen, row.shares_owed),
            "paid": (row.paid_fen, row.shares_paid),
            "refunded": (row.refunded_fen, row.shares_refunded),
        }
        for name, (whole, shares) in pairs.items():
            if whole != shares:
                what = f"a charge and its orders' shares differ ({name})"
                unlike.append(Difference(what, str(row.charge_id), whole, shares))
    return unlike
