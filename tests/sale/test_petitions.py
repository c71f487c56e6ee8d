"""求团: neighbours ask for goods, others add their +1 once, a buyer answers with an offer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from linli import people
from linli.sale.petition.commands import ask_for, support
from tests.people_cast import Cast, Person, done
from tests.sale.market import Market


async def asked(who: Person, wish: str) -> dict[str, Any]:
    """Ask for goods."""
    return done(await who.post("/app/petitions", {"wish": wish}))  # type: ignore[no-any-return]


async def stranger_of(cast: Cast, market: Market) -> Person:
    """Return a member of a station in another community."""
    (who,) = await cast.members(["孙姐"], await cast.leader("刘哥"))

    async def moves(tx: Any) -> None:
        community = await people.add_community(
            tx, name="橘洲苑", address="滨江路1号", lat_e6=28_200_000, lng_e6=112_950_000, households=800
        )
        before = await people.station(tx, who.station_id)
        who.station_id = await people.open_station(
            tx, community_id=community, leader_id=before.leader_id, name="橘洲苑南门"
        )

    await market.do(moves)
    done(await who.put("/app/me/station", {"station_id": str(who.station_id)}))
    return who


@pytest.mark.rule("CYC-7")
async def test_neighbours_add_their_voice_and_a_buyer_answers_with_an_offer(cast: Cast, market: Market) -> None:
    leader = await cast.leader("王姐")
    one, two, three = await cast.members(["李阿姨", "赵叔", "钱姨"], leader)
    cherries = await asked(one, "车厘子 2J")
    assert (await asked(two, "车厘子２ｊ"))["id"] == cherries["id"]
    await asked(three, "鲜笋")
    done(await three.post(f"/app/petitions/{cherries['id']}/support"))
    again = done(await three.post(f"/app/petitions/{cherries['id']}/support"))
    assert again["supporters"] == 3
    seen = done(await two.get("/app/petitions"))["items"]
    assert [(each["wish"], each["supporters"], each["yours"]) for each in seen] == [
        ("车厘子 2J", 3, True),
        ("鲜笋", 1, False),
    ]
    buyer = await cast.buyer()
    assert [each["wish"] for each in done(await buyer.get("/console/petitions"))["items"]] == ["车厘子 2J", "鲜笋"]
    _, (offer,) = await market.open()
    path = f"/console/petitions/{cherries['id']}"
    answered = done(await buyer.post(f"{path}/answer", {"offer_id": str(offer)}))
    assert (answered["state"], answered["offer_id"]) == ("answered", str(offer))
    done(await buyer.post(f"{path}/answer", {"offer_id": str(offer)}))
    for who in (one, two, three):
        told = [each for each in done(await who.get("/app/messages"))["items"] if each["title"] == "求团有回音"]
        assert len(told) == 1
    late = await one.post(f"/app/petitions/{cherries['id']}/support")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert [each["wish"] for each in done(await one.get("/app/petitions"))["items"]] == ["鲜笋"]
    anew = await asked(one, "车厘子 2J")
    assert (anew["id"] != cherries["id"], anew["supporters"]) == (True, 1)


@pytest.mark.rule("CYC-7")
async def test_a_petition_is_its_communitys_own_and_may_be_declined(cast: Cast, market: Market) -> None:
    (one,) = await cast.members(["李阿姨"], await cast.leader("王姐"))
    stranger = await stranger_of(cast, market)
    wish = await asked(one, "榴莲")
    refused = await stranger.post(f"/app/petitions/{wish['id']}/support")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_petition")
    assert done(await stranger.get("/app/petitions"))["items"] == []
    buyer = await cast.buyer()
    path = f"/console/petitions/{wish['id']}"
    unknown = await buyer.post(f"{path}/answer", {"offer_id": "4711"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_offer")
    no = done(await buyer.post(f"{path}/declining", {"reason": "运输易坏"}))
    assert (no["state"], no["supporters"], no["answer"]) == ("declined", 1, "运输易坏")
    assert done(await buyer.get("/console/petitions"))["items"] == []


@pytest.mark.rule("CYC-7")
async def test_the_same_wish_and_the_same_voice_at_the_same_time_count_once(cast: Cast, market: Market) -> None:
    members = await cast.members(["李阿姨", "赵叔"], await cast.leader("王姐"))
    made = await asyncio.gather(
        *(market.do(lambda tx, who=who: ask_for(tx, member_id=who.id, wish="草莓")) for who in members * 3)
    )
    assert len({each.id for each in made}) == 1
    voice = [
        market.do(lambda tx, who=who: support(tx, petition_id=made[0].id, member_id=who.id)) for who in members * 2
    ]
    assert {each.supporters for each in await asyncio.gather(*voice)} == {2}
