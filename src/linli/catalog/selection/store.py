"""What selection commands write."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from linli.catalog.selection.records import ReferencePrice, Selection
from linli.platform.database import Tx


async def add_reference_price(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a price seen elsewhere."""
    await tx.execute(insert(ReferencePrice).values(**row))


async def add_selection(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a score."""
    await tx.execute(insert(Selection).values(**row))
