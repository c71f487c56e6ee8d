"""SQL of the daily budgets."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from linli.aftersale.remedy.records import AutoBudget
from linli.platform.database import Tx


async def spend(tx: Tx, day: date, fen: int, most_fen: int) -> bool:
    """Take fen out of a day's budget; False when there is not as much left."""
    fresh = insert(AutoBudget).values(region_id=tx.region_id, day=day, spent_fen=0, most_fen=most_fen)
    await tx.execute(fresh.on_conflict_do_nothing())
    here = (AutoBudget.region_id == tx.region_id, AutoBudget.day == day)
    fits = AutoBudget.spent_fen + fen <= most_fen
    taken = update(AutoBudget).where(*here, fits).values(spent_fen=AutoBudget.spent_fen + fen, most_fen=most_fen)
    return (await tx.execute(taken.returning(AutoBudget.day))).first() is not None
