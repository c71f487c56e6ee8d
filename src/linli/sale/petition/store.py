"""What petition commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.sale.petition.model import PetitionValue
from linli.sale.petition.records import Petition, PetitionSupport

COLUMNS = [getattr(Petition, name) for name in PetitionValue._fields]


async def add(tx: Tx, row: dict[str, Any]) -> int:
    """Insert a petition, or find the open one of the community for the same wish; returns its id."""
    made = insert(Petition).values(**row, region_id=tx.region_id)
    same = made.on_conflict_do_update(
        index_elements=["region_id", "community_id", "plain"],
        index_where=text("state = 'open'"),
        set_={"supporters": Petition.supporters},
    )
    return int((await tx.execute(same.returning(Petition.id))).scalar_one())


async def find(tx: Tx, petition_id: int, *conditions: Any, lock: bool = False) -> PetitionValue | None:
    """Return a petition, locked when told so."""
    wanted = select(*COLUMNS).where(Petition.region_id == tx.region_id, Petition.id == petition_id, *conditions)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).first()
    return None if row is None else PetitionValue(*row)


async def support(tx: Tx, petition_id: int, member_id: int) -> None:
    """Add a member's +1 to a petition, once."""
    row = {"region_id": tx.region_id, "petition_id": petition_id, "member_id": member_id, "at": tx.now}
    made = insert(PetitionSupport).values(**row).on_conflict_do_nothing().returning(PetitionSupport.member_id)
    if (await tx.execute(made)).first() is not None:
        here = (Petition.region_id == tx.region_id, Petition.id == petition_id)
        await tx.execute(update(Petition).where(*here).values(supporters=Petition.supporters + 1))


async def supporters(tx: Tx, petition_id: int) -> list[int]:
    """Return the members who asked."""
    here = (PetitionSupport.region_id == tx.region_id, PetitionSupport.petition_id == petition_id)
    found = select(PetitionSupport.member_id).where(*here).order_by(PetitionSupport.member_id)
    return list((await tx.execute(found)).scalars())
