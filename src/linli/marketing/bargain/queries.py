"""Reading bargains for screens: helpers are shown masked."""

from __future__ import annotations

from sqlalchemy import select

from linli import people
from linli.kernel.masking import mask_name
from linli.marketing.bargain import store
from linli.marketing.bargain.model import BargainValue
from linli.marketing.bargain.records import BargainHelp
from linli.platform.database import Tx


async def bargain(tx: Tx, bargain_id: int) -> BargainValue | None:
    """Return a bargain, which whoever got its link may see."""
    return (await store.bargains(tx, [bargain_id], lock=False)).get(bargain_id)


async def helps(tx: Tx, bargain_id: int) -> list[tuple[str, int]]:
    """Return by whom (masked) and by how many fen a bargain was helped, the first one first."""
    here = (BargainHelp.region_id == tx.region_id, BargainHelp.bargain_id == bargain_id)
    order = (BargainHelp.at, BargainHelp.member_id)
    found = await tx.execute(select(BargainHelp.member_id, BargainHelp.cut_fen).where(*here).order_by(*order))
    given = [(row[0], row[1]) for row in found]
    names = await people.members(tx, [member_id for member_id, _ in given])
    return [(mask_name(names[member_id].nickname), fen) for member_id, fen in given]
