"""Reading petitions: a community's own, and the ranking for buyers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from linli.platform.database import Tx
from linli.sale.petition.model import PetitionState, PetitionValue
from linli.sale.petition.records import Petition, PetitionSupport
from linli.sale.petition.store import COLUMNS


async def ranking(tx: Tx, *, limit: int, community_id: int | None = None) -> list[PetitionValue]:
    """Return the open petitions (of a community, when given), those that most members ask for first."""
    here = [Petition.region_id == tx.region_id, Petition.state == PetitionState.OPEN]
    if community_id is not None:
        here.append(Petition.community_id == community_id)
    wanted = select(*COLUMNS).where(*here).order_by(Petition.supporters.desc(), Petition.id).limit(limit)
    return [PetitionValue(*row) for row in await tx.execute(wanted)]


async def supported(tx: Tx, member_id: int, petition_ids: Collection[int]) -> set[int]:
    """Return which of these petitions a member has asked for."""
    here = (PetitionSupport.region_id == tx.region_id, PetitionSupport.petition_id.in_(petition_ids))
    wanted = select(PetitionSupport.petition_id).where(*here, PetitionSupport.member_id == member_id)
    return set((await tx.execute(wanted)).scalars())
