"""SQL of cases that commands need."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from linli.aftersale.case.model import CASE
from linli.aftersale.case.records import Case
from linli.platform.database import Tx
from linli.platform.machines import move


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a case in its first state."""
    await tx.execute(insert(Case).values(region_id=tx.region_id, state=CASE.initial, **row))


async def locked(tx: Tx, case_id: int, *conditions: Any) -> Case | None:
    """Lock one case and return it, or None."""
    here = (Case.region_id == tx.region_id, Case.id == case_id, *conditions)
    return await tx.first(select(Case).where(*here).with_for_update())


async def advance(tx: Tx, case_id: int, verb: str, *, reason: str = "", **values: Any) -> bool:
    """Move a case by a verb; False when it stood there already; refuses WrongState and NoSuchThing."""
    return await move(tx, Case, CASE, verb, key={"id": case_id}, values=values, reason=reason)


async def change(tx: Tx, case_id: int, **values: Any) -> None:
    """Set columns of a case."""
    await tx.execute(update(Case).where(Case.region_id == tx.region_id, Case.id == case_id).values(**values))


async def waiting_for_refund(tx: Tx, order_id: int, refund_id: int) -> Case | None:
    """Lock the case whose money a refund of an order gives back, or None."""
    here = (Case.region_id == tx.region_id, Case.order_id == order_id, Case.refund_id == refund_id)
    return await tx.first(select(Case).where(*here).with_for_update())


async def count_besides(tx: Tx, case_id: int, *, line_id: int, member_id: int, since: datetime) -> tuple[int, int]:
    """Return how many other cases there are of a line, and of a member since an instant."""
    here = (Case.region_id == tx.region_id, Case.id != case_id)
    of_line = select(func.count()).select_from(Case).where(*here, Case.line_id == line_id)
    of_member = select(func.count()).select_from(Case).where(*here, Case.member_id == member_id, Case.opened_at > since)
    return int(await tx.scalar(of_line)), int(await tx.scalar(of_member))
