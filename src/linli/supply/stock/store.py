"""SQL of stock: a movement once per origin, balances in order of sku and never below zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.supply.stock.model import StockMove
from linli.supply.stock.records import StockBalance, StockMovement

CHUNK = 1_000
GROW = text(
    "UPDATE supply.stock_balances AS b SET on_hand = b.on_hand + d.delta "
    "FROM unnest(CAST(:skus AS bigint[]), CAST(:deltas AS int[])) AS d(sku_id, delta) "
    "WHERE b.region_id = :region_id AND b.sku_id = d.sku_id AND b.on_hand + d.delta >= 0 RETURNING b.sku_id"
)


async def add_movements(tx: Tx, moves: Sequence[StockMove]) -> list[StockMove]:
    """Write the movements whose origin is new, in one order for everybody; returns those."""
    ids = await tx.new_ids(len(moves))
    ordered = sorted(moves, key=lambda move: (move.kind, move.ref_kind, move.ref_id, move.sku_id))
    by_id = dict(zip(ids, ordered, strict=True))
    same = {"region_id": tx.region_id, "made_at": tx.now, "by": tx.by}
    rows = [{**same, **asdict(move), "id": id} for id, move in by_id.items()]
    new: list[StockMove] = []
    for at in range(0, len(rows), CHUNK):
        write = insert(StockMovement).values(rows[at : at + CHUNK]).on_conflict_do_nothing()
        new += [by_id[row[0]] for row in await tx.execute(write.returning(StockMovement.id))]
    return new


async def locked_balances(tx: Tx, sku_ids: Iterable[int]) -> dict[int, int]:
    """Lock the balances of skus in ascending order, opening those that do not exist; returns the pieces of each."""
    wanted = sorted(set(sku_ids))
    if not wanted:
        return {}
    rows = [{"region_id": tx.region_id, "sku_id": sku_id, "on_hand": 0} for sku_id in wanted]
    await tx.execute(insert(StockBalance).values(rows).on_conflict_do_nothing())
    here = (StockBalance.region_id == tx.region_id, StockBalance.sku_id.in_(wanted))
    chosen = select(StockBalance.sku_id, StockBalance.on_hand).where(*here).order_by(StockBalance.sku_id)
    return {row.sku_id: row.on_hand for row in await tx.execute(chosen.with_for_update())}


async def grow(tx: Tx, deltas: Mapping[int, int]) -> list[int]:
    """Change locked balances by sku; returns the skus that would have fallen below zero."""
    given = {"region_id": tx.region_id, "skus": list(deltas), "deltas": list(deltas.values())}
    changed = {row[0] for row in await tx.execute(GROW, given)}
    return [sku_id for sku_id in deltas if sku_id not in changed]
