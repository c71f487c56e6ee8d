"""Reading stock: what is free, how it came about, and whether balance and movements agree."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from linli.platform.database import Tx
from linli.supply.stock.model import MovementValue, StockValue
from linli.supply.stock.records import StockBalance, StockMovement


async def free_stock(tx: Tx, sku_ids: Iterable[int]) -> dict[int, int]:
    """Return the free pieces of skus that have any."""
    here = (StockBalance.region_id == tx.region_id, StockBalance.sku_id.in_(set(sku_ids)), StockBalance.on_hand > 0)
    return {row[0]: row[1] for row in await tx.execute(select(StockBalance.sku_id, StockBalance.on_hand).where(*here))}


async def stock(tx: Tx, *, after: int = 0, limit: int = 50) -> list[StockValue]:
    """Return a page of the skus that have free pieces, in order of sku."""
    here = (StockBalance.region_id == tx.region_id, StockBalance.on_hand > 0, StockBalance.sku_id > after)
    chosen = select(StockBalance.sku_id, StockBalance.on_hand).where(*here).order_by(StockBalance.sku_id).limit(limit)
    return [StockValue(*row) for row in await tx.execute(chosen)]


async def movements(tx: Tx, sku_id: int, *, after: int | None = None, limit: int = 50) -> list[MovementValue]:
    """Return a page of a sku's movements, newest first."""
    chosen = select(StockMovement).where(StockMovement.region_id == tx.region_id, StockMovement.sku_id == sku_id)
    if after is not None:
        chosen = chosen.where(StockMovement.id < after)
    rows = await tx.all(chosen.order_by(StockMovement.id.desc()).limit(limit))
    names = MovementValue.__dataclass_fields__
    return [MovementValue(**{name: getattr(row, name) for name in names}) for row in rows]


async def stock_differences(tx: Tx) -> dict[int, tuple[int, int]]:
    """Return the skus whose balance is not the sum of their movements: (balance, sum); nothing when the books agree."""
    sums = select(StockMovement.sku_id, func.sum(StockMovement.quantity))
    moved = {
        row[0]: int(row[1])
        for row in await tx.execute(sums.where(StockMovement.region_id == tx.region_id).group_by(StockMovement.sku_id))
    }
    kept = select(StockBalance.sku_id, StockBalance.on_hand).where(StockBalance.region_id == tx.region_id)
    held = {row[0]: row[1] for row in await tx.execute(kept)}
    pairs = {sku_id: (held.get(sku_id, 0), moved.get(sku_id, 0)) for sku_id in moved.keys() | held.keys()}
    return {sku_id: pair for sku_id, pair in sorted(pairs.items()) if pair[0] != pair[1]}
