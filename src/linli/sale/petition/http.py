"""Routes of petitions: members ask and add their +1, buyers see the ranking and answer."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from linli.people import bound_station
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View
from linli.sale.petition import commands, queries
from linli.sale.petition.model import PetitionState

console = Audience("console", "petition")
app = Audience("app", "petition")
routers = [console.router, app.router]
Most = Annotated[int, Query(ge=1, le=200)]


class NewPetition(Body):
    """What a member would like to buy, in the member's own words."""

    wish: Short


class NewAnswer(Body):
    """The offer that a petition led to."""

    offer_id: PublicId


class Declining(Body):
    """Why a petition gets no offer."""

    reason: Short


class PetitionView(View):
    """What a community asks for, and how many of its members."""

    id: PublicId
    community_id: PublicId
    wish: str
    state: PetitionState
    supporters: int
    made_at: datetime
    offer_id: PublicId | None
    answer: str


class PetitionCard(PetitionView):
    """A petition as members see it, with whether they asked for it."""

    yours: bool


class PetitionRanking(View):
    """Open petitions of the region, the most wanted first."""

    items: list[PetitionView]


class Petitions(View):
    """Open petitions of the member's community, the most wanted first."""

    items: list[PetitionCard]


@app.post("/petitions", permission="order.place")
async def ask_for(body: NewPetition, call: CallOf) -> PetitionView:
    async def work(tx: Tx) -> PetitionView:
        made = await commands.ask_for(tx, member_id=call.who.person_id, wish=body.wish)
        return PetitionView.model_validate(made)

    return await call.write(work)


@app.post("/petitions/{petition_id}/support", permission="order.place")
async def support(petition_id: PublicId, call: CallOf) -> PetitionView:
    async def work(tx: Tx) -> PetitionView:
        found = await commands.support(tx, petition_id=petition_id, member_id=call.who.person_id)
        return PetitionView.model_validate(found)

    return await call.write(work)


@app.get("/petitions", permission="shop.browse")
async def our_petitions(call: CallOf, limit: Most = 50) -> Petitions:
    async with call.reading() as tx:
        station = await bound_station(tx, call.who.person_id)
        found = await queries.ranking(tx, community_id=station.community_id, limit=limit)
        mine = await queries.supported(tx, call.who.person_id, [each.id for each in found])
    return Petitions(items=[PetitionCard(**each._asdict(), yours=each.id in mine) for each in found])


@console.get("/petitions", permission="offer.manage")
async def ranking(call: CallOf, limit: Most = 50) -> PetitionRanking:
    async with call.reading() as tx:
        found = await queries.ranking(tx, limit=limit)
    return PetitionRanking(items=[PetitionView.model_validate(each) for each in found])


@console.post("/petitions/{petition_id}/answer", permission="offer.manage")
async def answer(petition_id: PublicId, body: NewAnswer, call: CallOf) -> PetitionView:
    async def work(tx: Tx) -> PetitionView:
        found = await commands.answer(tx, petition_id=petition_id, offer_id=body.offer_id)
        return PetitionView.model_validate(found)

    return await call.write(work)


@console.post("/petitions/{petition_id}/declining", permission="offer.manage")
async def decline(petition_id: PublicId, body: Declining, call: CallOf) -> PetitionView:
    async def work(tx: Tx) -> PetitionView:
        found = await commands.decline(tx, petition_id=petition_id, reason=body.reason)
        return PetitionView.model_validate(found)

    return await call.write(work)
