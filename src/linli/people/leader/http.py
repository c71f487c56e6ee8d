"""Console routes to add leaders and change their standing; leaders' routes to name their helpers."""

from typing import Annotated, Any

from fastapi import Query

from linli.people.access.model import HEAD_OFFICE
from linli.people.access.queries import grants_in
from linli.people.account.commands import identify
from linli.people.account.model import Identity
from linli.people.account.queries import forget_sessions
from linli.people.leader import commands
from linli.people.leader.model import Level
from linli.people.leader.queries import leader, page_of_leaders
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Call, CallOf, Phone, PublicId, Remark, Short, View

console = Audience("console", "leader")
leader_app = Audience("leader", "leader")
routers = [console.router, leader_app.router]


class NewLeader(Body):
    """Somebody who is to lead: signs in by this phone."""

    name: Short
    phone: Phone
    level: Level = Level.normal
    trial: bool = False


class LeaderView(View):
    """A leader as the console sees them."""

    id: PublicId
    account_id: PublicId
    name: str
    level: str
    state: str
    phone_tail: str


class LeaderPage(View):
    """Some leaders, and the id to go on after."""

    items: list[LeaderView]
    next: PublicId | None


class NewStanding(Body):
    """What to do with a leader: activate, rest, come_back, suspend, reinstate, leave."""

    verb: Short
    reason: Remark = ""


class NewLevel(Body):
    """The level a leader gets."""

    level: Level


class NewHelper(Body):
    """Somebody who helps at the station and signs in by this phone."""

    name: Short
    phone: Phone


class HelperView(View):
    """A helper of the leader who asks."""

    account_id: PublicId
    name: str


class HelperGone(View):
    """How many sessions of the helper were ended."""

    sessions_ended: int


async def _identify(call: Call, phone: str, name: str) -> Identity:
    key = call.installation.key

    async def find(tx: Tx) -> Identity:
        return await identify(tx, key=key, kind="phone", value=phone, name=name)

    return await call.write(find, region_id=HEAD_OFFICE, keyed=False)


@console.post("/leaders", permission="leader.manage")
async def add_leader(body: NewLeader, call: CallOf) -> LeaderView:
    found = await _identify(call, body.phone, body.name)

    async def work(tx: Tx) -> LeaderView:
        given: dict[str, Any] = {"name": body.name, "level": body.level, "trial": body.trial}
        number = await commands.add_leader(tx, account_id=found.account_id, phone_tail=found.tail, **given)
        return LeaderView.model_validate(await leader(tx, number))

    return await call.write(work)


@console.get("/leaders", permission="leader.manage")
async def list_leaders(
    call: CallOf, after: PublicId = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> LeaderPage:
    async with call.reading() as tx:
        found = await page_of_leaders(tx, after=after, limit=limit)
    items = [LeaderView.model_validate(each) for each in found]
    return LeaderPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.get("/leaders/{leader_id}", permission="leader.manage")
async def show_leader(leader_id: PublicId, call: CallOf) -> LeaderView:
    async with call.reading() as tx:
        return LeaderView.model_validate(await leader(tx, leader_id))


@console.post("/leaders/{leader_id}/standing", permission="leader.manage")
async def change_standing(leader_id: PublicId, body: NewStanding, call: CallOf) -> LeaderView:
    ended: list[int] = []

    async def work(tx: Tx) -> LeaderView:
        ended[:] = await commands.change_standing(tx, leader_id=leader_id, verb=body.verb, reason=body.reason)
        return LeaderView.model_validate(await leader(tx, leader_id))

    answer = await call.write(work)
    forget_sessions(call.installation, ended)
    return answer


@console.put("/leaders/{leader_id}/level", permission="leader.manage")
async def change_level(leader_id: PublicId, body: NewLevel, call: CallOf) -> LeaderView:
    async def work(tx: Tx) -> LeaderView:
        await commands.change_level(tx, leader_id=leader_id, level=body.level)
        return LeaderView.model_validate(await leader(tx, leader_id))

    return await call.write(work)


@leader_app.post("/helpers", permission="station.own")
async def add_helper(body: NewHelper, call: CallOf) -> HelperView:
    found = await _identify(call, body.phone, body.name)

    async def work(tx: Tx) -> HelperView:
        await commands.add_helper(tx, leader_id=call.who.person_id, account_id=found.account_id, name=body.name)
        return HelperView(account_id=found.account_id, name=body.name)

    return await call.write(work)


@leader_app.get("/helpers", permission="station.own")
async def list_helpers(call: CallOf) -> list[HelperView]:
    async with call.reading() as tx:
        grants = await grants_in(tx, tx.region_id, frozenset({"helper"}), person_id=call.who.person_id)
    return [HelperView(account_id=grant.account_id, name=grant.label) for grant in grants]


@leader_app.delete("/helpers/{account_id}", permission="station.own")
async def remove_helper(account_id: PublicId, call: CallOf) -> HelperGone:
    ended: list[int] = []

    async def work(tx: Tx) -> HelperGone:
        ended[:] = await commands.remove_helper(tx, leader_id=call.who.person_id, account_id=account_id)
        return HelperGone(sessions_ended=len(ended))

    answer = await call.write(work)
    forget_sessions(call.installation, ended)
    return answer
