"""Statements of charges: rows by id (the day is inside the id), and the guards on what goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from linli.kernel.ids import day_of
from linli.money.charge.records import AttemptRow, ChargeRow, ShareRow
from linli.money.charge.rules import poll_after
from linli.platform.database import Tx


def _charge(tx: Tx, charge_id: int) -> tuple[Any, ...]:
    return (ChargeRow.region_id == tx.region_id, ChargeRow.biz_date == day_of(charge_id), ChargeRow.id == charge_id)


def _shares(tx: Tx, charge_id: int) -> tuple[Any, ...]:
    return (ShareRow.region_id == tx.region_id, ShareRow.biz_date == day_of(charge_id), ShareRow.charge_id == charge_id)


async def charge_row(tx: Tx, charge_id: int) -> ChargeRow | None:
    """Return a charge."""
    return await tx.first(select(ChargeRow).where(*_charge(tx, charge_id)))


async def locked_charge(tx: Tx, charge_id: int) -> ChargeRow | None:
    """Return a charge and lock it; whoever works on its attempts locks it first."""
    return await tx.first(select(ChargeRow).where(*_charge(tx, charge_id)).with_for_update())


async def locked_pair(tx: Tx, attempt_id: int) -> tuple[ChargeRow, AttemptRow] | None:
    """Lock the charge of an attempt, then the attempt, and return both as they stand under the locks; or None."""
    same = (ChargeRow.region_id == AttemptRow.region_id) & (ChargeRow.id == AttemptRow.charge_id)
    here = (
        ChargeRow.region_id == tx.region_id,
        ChargeRow.biz_date == day_of(attempt_id),
        AttemptRow.region_id == tx.region_id,
        AttemptRow.biz_date == day_of(attempt_id),
        AttemptRow.id == attempt_id,
    )
    # Locks are taken in the order of the tables named: whoever works on attempts locks their charge first.
    found = await tx.rows(select(ChargeRow, AttemptRow).join(AttemptRow, same).where(*here).with_for_update())
    row = found.first()
    return (row[0], row[1]) if row else None


async def shares_of(tx: Tx, charge_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return the shares in fen of charges, by charge and order."""
    days = sorted({day_of(id) for id in charge_ids})
    here = (ShareRow.region_id == tx.region_id, ShareRow.biz_date.in_(days), ShareRow.charge_id.in_(charge_ids))
    found = select(ShareRow.charge_id, ShareRow.order_id, ShareRow.amount_fen).where(*here).order_by(ShareRow.order_id)
    shares: dict[int, dict[int, int]] = {id: {} for id in charge_ids}
    for row in await tx.execute(found):
        shares[row.charge_id][row.order_id] = row.amount_fen
    return shares


async def attempt_row(tx: Tx, attempt_id: int) -> AttemptRow | None:
    """Return an attempt by its id, which is its channel number."""
    here = (
        AttemptRow.region_id == tx.region_id,
        AttemptRow.biz_date == day_of(attempt_id),
        AttemptRow.id == attempt_id,
    )
    return await tx.first(select(AttemptRow).where(*here))


async def add_charge(tx: Tx, row: dict[str, Any], orders: Mapping[int, int]) -> None:
    """Insert a charge with its orders' shares."""
    await tx.execute(insert(ChargeRow), [row])
    same = {
        "region_id": tx.region_id,
        "biz_date": row["biz_date"],
        "charge_id": row["id"],
        "paid_fen": 0,
        "refunded_fen": 0,
    }
    await tx.execute(
        insert(ShareRow), [{**same, "order_id": id, "amount_fen": fen} for id, fen in sorted(orders.items())]
    )


async def add_attempt(tx: Tx, row: dict[str, Any]) -> None:
    """Insert an attempt."""
    await tx.execute(insert(AttemptRow), [row])


async def attempts_of(tx: Tx, charge_id: int) -> Sequence[AttemptRow]:
    """Return the attempts of a charge, oldest first."""
    here = (
        AttemptRow.region_id == tx.region_id,
        AttemptRow.biz_date == day_of(charge_id),
        AttemptRow.charge_id == charge_id,
    )
    return await tx.all(select(AttemptRow).where(*here).order_by(AttemptRow.number))


async def pay_shares(tx: Tx, charge_id: int) -> dict[int, int]:
    """Mark every order's share of a charge as paid; returns the shares in fen by order, in order of id."""
    change = update(ShareRow).where(*_shares(tx, charge_id)).values(paid_fen=ShareRow.amount_fen)
    return dict(
        sorted((row[0], row[1]) for row in await tx.execute(change.returning(ShareRow.order_id, ShareRow.amount_fen)))
    )


async def set_reopen(tx: Tx, attempt_id: int) -> None:
    """Note that a new attempt is wanted as soon as this one is closed."""
    here = (
        AttemptRow.region_id == tx.region_id,
        AttemptRow.biz_date == day_of(attempt_id),
        AttemptRow.id == attempt_id,
    )
    await tx.execute(update(AttemptRow).where(*here).values(reopen=True))


async def take_unanswered(tx: Tx, limit: int) -> list[int]:
    """Choose attempts whose answer is overdue and set when to ask next; two workers choose different ones."""
    due = (
        AttemptRow.region_id == tx.region_id,
        AttemptRow.state.in_(("opening", "open", "closing")),
        AttemptRow.next_poll_at <= tx.now,
    )
    wanted = select(AttemptRow.biz_date, AttemptRow.id, AttemptRow.polls).where(*due)
    found = (await tx.execute(wanted.order_by(AttemptRow.id).limit(limit).with_for_update(skip_locked=True))).all()
    waits: dict[timedelta, list[Any]] = {}
    for row in found:
        waits.setdefault(poll_after(row.polls + 1), []).append(row)
    for wait, rows in waits.items():
        days, ids = {row.biz_date for row in rows}, [row.id for row in rows]
        here = (AttemptRow.region_id == tx.region_id, AttemptRow.biz_date.in_(days), AttemptRow.id.in_(ids))
        await tx.execute(update(AttemptRow).where(*here).values(polls=AttemptRow.polls + 1, next_poll_at=tx.now + wait))
    return [row.id for row in found]


async def reserve_refund(
    tx: Tx, charge_id: int, order_id: int, amount_fen: int, gap: timedelta, most: int | None
) -> datetime | None:
    """Reserve fen of a paid charge and of an order's share for going back; returns when to send it.

    None when there is not that much left; the caller then refuses, so that nothing of it stays.
    """
    slot = func.greatest(func.coalesce(ChargeRow.next_refund_at, tx.now), tx.now)
    within = ChargeRow.refunded_fen + amount_fen <= ChargeRow.paid_fen
    few = [ChargeRow.refunds < most] if most is not None else []
    change = update(ChargeRow).where(*_charge(tx, charge_id), within, *few)
    values = {
        "refunded_fen": ChargeRow.refunded_fen + amount_fen,
        "refunds": ChargeRow.refunds + 1,
        "next_refund_at": slot + gap,
    }
    taken = (await tx.execute(change.values(values).returning(ChargeRow.next_refund_at))).scalar()
    if taken is None:
        return None
    share = (
        *_shares(tx, charge_id),
        ShareRow.order_id == order_id,
        ShareRow.refunded_fen + amount_fen <= ShareRow.paid_fen,
    )
    shared = (
        update(ShareRow)
        .where(*share)
        .values(refunded_fen=ShareRow.refunded_fen + amount_fen)
        .returning(ShareRow.order_id)
    )
    if (await tx.execute(shared)).first() is None:
        return None
    return taken - gap  # type: ignore[no-any-return]


async def share_row(tx: Tx, charge_id: int, order_id: int) -> ShareRow | None:
    """Return an order's share of a charge."""
    return await tx.first(select(ShareRow).where(*_shares(tx, charge_id), ShareRow.order_id == order_id))
