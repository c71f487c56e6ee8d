"""Reading pasted chains."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.ordering.draft.records import ChainDraft, DraftEntry
from linli.ordering.draft.store import entries
from linli.platform.database import Tx


class ChainNotFound(NotFound):
    """There is no such pasted chain, or it is another leader's."""

    title = "没有这个接龙"


async def chain_of_leader(tx: Tx, chain_id: int, leader_id: int) -> tuple[ChainDraft, Sequence[DraftEntry]]:
    """Return a leader's chain with its entries; refuses ChainNotFound."""
    here = (ChainDraft.region_id == tx.region_id, ChainDraft.id == chain_id, ChainDraft.leader_id == leader_id)
    chain = await tx.first(select(ChainDraft).where(*here))
    if chain is None:
        raise ChainNotFound(f"no chain {chain_id}")
    return chain, await entries(tx, [chain_id])
