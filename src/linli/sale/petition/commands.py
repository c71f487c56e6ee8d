"""Asking for goods, adding a +1, and answering with an offer or a reason why not."""

from __future__ import annotations

from linli import people
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.sale.offer.queries import offer
from linli.sale.petition import rules, store
from linli.sale.petition.model import PETITION, PetitionState, PetitionValue
from linli.sale.petition.records import Petition


class NoSuchPetition(NotFound):
    """There is no such petition in the member's community; facts: petition_id."""

    title = "没有这个求团"


async def ask_for(tx: Tx, *, member_id: int, wish: str) -> PetitionValue:
    """Ask for goods in the member's community; the same wish of a neighbour gets a +1; refuses NotBound."""
    station = await people.bound_station(tx, member_id)
    petition_id = await store.add(tx, {
        "id": await tx.new_id(), "community_id": station.community_id, "wish": wish, "plain": rules.plain(wish),
        "state": PETITION.initial, "supporters": 0, "made_at": tx.now, "offer_id": None, "answer": "",
        "answered_at": None,
    })  # fmt: skip
    return await support(tx, petition_id=petition_id, member_id=member_id)


async def support(tx: Tx, *, petition_id: int, member_id: int) -> PetitionValue:
    """Add a member's +1 to an open petition of the own community; a second one changes nothing; refuses NotBound,
    NoSuchPetition and WrongState."""
    station = await people.bound_station(tx, member_id)
    found = await store.find(tx, petition_id, Petition.community_id == station.community_id, lock=True)
    if found is None:
        raise NoSuchPetition(f"no petition {petition_id}", petition_id=str(petition_id))
    if found.state != PetitionState.OPEN:
        PETITION.check(PetitionState(found.state), "answer" if found.offer_id is None else "decline")
    await store.support(tx, petition_id, member_id)
    return await _again(tx, petition_id)


async def answer(tx: Tx, *, petition_id: int, offer_id: int) -> PetitionValue:
    """Answer a petition with an offer and tell all who asked; refuses NoSuchPetition, NoSuchOffer and WrongState."""
    goods = await offer(tx, offer_id)
    await _existing(tx, petition_id)
    values = {"offer_id": offer_id, "answered_at": tx.now}
    if await move(tx, Petition, PETITION, "answer", key={"id": petition_id}, values=values):
        await _tell(tx, petition_id, f"您求的团开了：{goods.product_name} {goods.spec}，快去看看。")
    return await _again(tx, petition_id)


async def decline(tx: Tx, *, petition_id: int, reason: str) -> PetitionValue:
    """Say why a petition gets no offer and tell all who asked; refuses NoSuchPetition and WrongState."""
    await _existing(tx, petition_id)
    values = {"answer": reason, "answered_at": tx.now}
    if await move(tx, Petition, PETITION, "decline", key={"id": petition_id}, values=values, reason=reason):
        await _tell(tx, petition_id, f"您求的团暂时开不了：{reason}")
    return await _again(tx, petition_id)


async def _existing(tx: Tx, petition_id: int) -> None:
    if await store.find(tx, petition_id, lock=True) is None:
        raise NoSuchPetition(f"no petition {petition_id}", petition_id=str(petition_id))


async def _again(tx: Tx, petition_id: int) -> PetitionValue:
    found = await store.find(tx, petition_id)
    assert found is not None
    return found


async def _tell(tx: Tx, petition_id: int, text: str) -> None:
    asked = await store.supporters(tx, petition_id)
    told = [(f"member:{member_id}", {"title": "求团有回音", "text": text}) for member_id in asked]
    await people.notify_many(tx, event="petition.answered", messages=told)
