"""Moving stock: goods come and go by movements, a cycle sets some aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linli import catalog
from linli.kernel.refusals import Conflict
from linli.platform.database import Tx
from linli.supply.stock import store
from linli.supply.stock.model import MovementKind, StockMove
from linli.supply.stock.rules import grown, signed, taken


class NotEnoughStock(Conflict):
    """More was to be taken than there is; facts: skus."""

    title = "库存不足"


async def move_stock(tx: Tx, *, moves: Sequence[StockMove]) -> int:
    """Write movements, once per origin, and change the balances; returns how many are new; refuses NotEnoughStock."""
    wanted = [move for move in moves if move.quantity]
    if not wanted:
        return 0
    await store.locked_balances(tx, [move.sku_id for move in wanted])
    new = await store.add_movements(tx, wanted)
    deltas = grown(new)
    if deltas and (low := await store.grow(tx, deltas)):
        raise NotEnoughStock("there is less in stock", skus=[str(sku_id) for sku_id in low])
    return len(new)


async def set_aside(tx: Tx, *, cycle_id: int, wanted: Mapping[int, int], ref_kind: str) -> dict[int, int]:
    """Take what there is of the wanted pieces (sku → pieces) out of free stock for a cycle; returns what was taken."""
    free = await store.locked_balances(tx, wanted)
    given = taken(wanted, free)
    moves = [
        StockMove(MovementKind.RESERVE, sku_id, -count, ref_kind, cycle_id, cycle_id) for sku_id, count in given.items()
    ]
    await move_stock(tx, moves=moves)
    return given


async def note_movement(tx: Tx, *, kind: MovementKind, sku_id: int, pieces: int, lot: str = "", note: str = "") -> int:
    """Write what a person found, lost or put back; returns the pieces now there; refuses NoSuchSku, NotEnoughStock."""
    await catalog.sku(tx, sku_id)
    move = StockMove(kind, sku_id, signed(kind, pieces), "person", await tx.new_id(), lot=lot, note=note)
    await move_stock(tx, moves=[move])
    return (await store.locked_balances(tx, [sku_id]))[sku_id]
