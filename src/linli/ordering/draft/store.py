"""SQL that commands about pasted chains need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.ordering.draft.model import PASTED
from linli.ordering.draft.records import ChainDraft, DraftEntry, GoodsName
from linli.platform.database import Tx
from linli.platform.machines import move_many


async def of_station(tx: Tx, cycle_id: int, station_id: int) -> Sequence[ChainDraft]:
    """Lock and return the chains pasted for a station and cycle, in order of number."""
    here = (ChainDraft.region_id == tx.region_id, ChainDraft.cycle_id == cycle_id, ChainDraft.station_id == station_id)
    return await tx.all(select(ChainDraft).where(*here).order_by(ChainDraft.number).with_for_update())


async def locked(tx: Tx, chain_id: int, leader_id: int) -> ChainDraft | None:
    """Lock and return a leader's chain, or None."""
    here = (ChainDraft.region_id == tx.region_id, ChainDraft.id == chain_id, ChainDraft.leader_id == leader_id)
    return await tx.first(select(ChainDraft).where(*here).with_for_update())


async def add_chain(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a chain; False when another paste took its number at the same time."""
    fresh = insert(ChainDraft).values(**row).on_conflict_do_nothing().returning(ChainDraft.id)
    return (await tx.execute(fresh)).first() is not None


async def pasted_again(tx: Tx, chain: ChainDraft, title: str) -> None:
    """Note that a chain was pasted once more."""
    here = (ChainDraft.region_id == tx.region_id, ChainDraft.id == chain.id)
    await tx.execute(update(ChainDraft).where(*here).values(pastes=chain.pastes + 1, pasted_at=tx.now, title=title))


async def entries(tx: Tx, chain_ids: Collection[int]) -> Sequence[DraftEntry]:
    """Return the entries of some chains in the order they came."""
    here = (DraftEntry.region_id == tx.region_id, DraftEntry.chain_id.in_(chain_ids))
    return await tx.all(select(DraftEntry).where(*here).order_by(DraftEntry.chain_id, DraftEntry.id))


async def add_entries(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert the new entries of a paste."""
    if rows:
        await tx.execute(insert(DraftEntry), rows)


async def set_entries(tx: Tx, ids: Collection[int], **values: Any) -> None:
    """Set plain columns of some entries."""
    if ids:
        here = (DraftEntry.region_id == tx.region_id, DraftEntry.id.in_(ids))
        await tx.execute(update(DraftEntry).where(*here).values(**values))


async def move_entries(tx: Tx, verb: str, ids: Collection[int], **values: Any) -> None:
    """Move those of some entries that can take the verb."""
    if ids:
        await move_many(tx, DraftEntry, PASTED, verb, DraftEntry.id.in_(ids), values=values or None)


async def names(tx: Tx, leader_id: int) -> dict[str, int]:
    """Return the names of goods that a leader taught: word → sku."""
    here = (GoodsName.region_id == tx.region_id, GoodsName.leader_id == leader_id)
    return {row.word: row.sku_id for row in await tx.execute(select(GoodsName.word, GoodsName.sku_id).where(*here))}


async def learn(tx: Tx, leader_id: int, words: Mapping[str, int]) -> None:
    """Keep what a leader's words mean (word → sku); the newest meaning holds."""
    rows = [
        {"region_id": tx.region_id, "leader_id": leader_id, "word": word, "sku_id": sku_id, "learnt_at": tx.now}
        for word, sku_id in sorted(words.items())
    ]
    if rows:
        write = insert(GoodsName).values(rows)
        newest = {"sku_id": write.excluded.sku_id, "learnt_at": write.excluded.learnt_at}
        await tx.execute(write.on_conflict_do_update(index_elements=["region_id", "leader_id", "word"], set_=newest))
