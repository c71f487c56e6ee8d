"""What finance sees of reconciliation: the differences, and the bills that were taken in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.money.reconciliation.model import Cause, DifferenceState
from linli.money.reconciliation.records import BillRow, DifferenceRow
from linli.platform.database import Tx


async def differences(
    tx: Tx, *, state: DifferenceState, cause: Cause | None, after: int, limit: int
) -> Sequence[DifferenceRow]:
    """Return differences in a state, oldest first, after an id."""
    here = [DifferenceRow.region_id == tx.region_id, DifferenceRow.state == state.value, DifferenceRow.id > after]
    if cause is not None:
        here.append(DifferenceRow.cause == cause.value)
    return await tx.all(select(DifferenceRow).where(*here).order_by(DifferenceRow.id).limit(limit))


async def bills(tx: Tx, limit: int = 62) -> Sequence[BillRow]:
    """Return the newest bills of this region."""
    newest = select(BillRow).where(BillRow.region_id == tx.region_id).order_by(BillRow.day.desc(), BillRow.channel)
    return await tx.all(newest.limit(limit))
