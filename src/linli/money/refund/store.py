"""Statements of refunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.money.refund.records import RefundRow
from linli.platform.database import Tx


async def add_refund(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a refund unless one of the same origin exists (waiting for a twin in flight); tells whether it is new."""
    added = insert(RefundRow).values(row).on_conflict_do_nothing().returning(RefundRow.id)
    return (await tx.execute(added)).first() is not None


async def refund_of_ref(tx: Tx, ref_kind: str, ref_id: int, part: str) -> RefundRow | None:
    """Return the refund of an origin."""
    same = (RefundRow.ref_kind == ref_kind, RefundRow.ref_id == ref_id, RefundRow.part == part)
    return await tx.first(select(RefundRow).where(RefundRow.region_id == tx.region_id, *same))


async def refund_row(tx: Tx, refund_id: int, *, locked: bool = False) -> RefundRow | None:
    """Return a refund, locked if asked."""
    found = select(RefundRow).where(RefundRow.region_id == tx.region_id, RefundRow.id == refund_id)
    return await tx.first(found.with_for_update() if locked else found)


async def change_refund(tx: Tx, refund_id: int, **values: Any) -> None:
    """Write what is known about a refund, its state excepted."""
    await tx.execute(
        update(RefundRow).where(RefundRow.region_id == tx.region_id, RefundRow.id == refund_id).values(**values)
    )


async def take_overdue(tx: Tx, until: datetime, limit: int) -> Sequence[RefundRow]:
    """Lock unfinished refunds whose next step was due; two workers take different ones."""
    unfinished = (RefundRow.state.not_in(("done", "dead")), RefundRow.next_at <= until)
    found = (
        select(RefundRow).where(RefundRow.region_id == tx.region_id, *unfinished).order_by(RefundRow.id).limit(limit)
    )
    return await tx.all(found.with_for_update(skip_locked=True))
