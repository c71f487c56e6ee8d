"""What asset commands write."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from linli.catalog.asset.records import Asset
from linli.platform.database import Tx


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """List a stored file."""
    await tx.execute(insert(Asset).values(**row))
