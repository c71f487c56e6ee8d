"""SQL of an account's own list of orders."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from linli.ordering.mine.records import UserOrder
from linli.platform.database import Tx


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Add an order to an account's list; once, however often it is told."""
    await tx.execute(insert(UserOrder).values(**row).on_conflict_do_nothing())
