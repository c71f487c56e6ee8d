"""Members and the stations they belong to, neighbours whom a leader wrote down, and who may see whom."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.people import (
    NotBound,
    bound_station,
    count_paid_order,
    find_or_add_neighbour,
    member,
    members,
)
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from tests.people_cast import Cast, done, new_phone


async def in_region(cast: Cast, work: Any) -> Any:
    return await cast.installation.db.run(work, cast.region_id, by="test")


@pytest.mark.rule("MEM-1")
async def test_a_member_who_changes_station_keeps_the_history(cast: Cast, clock: SteeredClock) -> None:
    first, second = await cast.leader("王姐", "东门"), await cast.leader("赵姐", "西门")
    neighbour = await cast.member("李阿姨", first)
    clock.set(clock.now() + timedelta(days=1))
    for _ in range(2):
        done(await neighbour.put("/app/me/station", {"station_id": str(second.station_id)}))
    history = done(await neighbour.get("/app/me/stations"))
    assert [(each["station_id"], each["how"]) for each in history] == [
        (str(first.station_id), "link"),
        (str(second.station_id), "chosen"),
    ]
    assert history[0]["until"] == history[1]["since"]
    assert history[1]["until"] is None
    assert done(await first.get("/leader/members"))["items"] == []
    assert len(done(await second.get("/leader/members"))["items"]) == 1


async def test_a_member_who_changes_station_twenty_times_at_once_is_bound_to_one(cast: Cast) -> None:
    leaders = [await cast.leader(f"{n}姐", f"{n}号") for n in range(3)]
    neighbour = await cast.member("李阿姨", leaders[0])
    choices = [{"station_id": str(leaders[n % 3].station_id)} for n in range(20)]
    answers = await asyncio.gather(*(neighbour.put("/app/me/station", body) for body in choices))
    assert {each.status_code for each in answers} == {200}
    history = done(await neighbour.get("/app/me/stations"))
    still = [each["station_id"] for each in history if each["until"] is None]
    assert still == [done(await neighbour.get("/app/me"))["station"]["id"]]


async def test_nobody_is_bound_to_a_closed_station_and_the_old_one_stays(cast: Cast) -> None:
    first, second, operator = await cast.leader("王姐"), await cast.leader("赵姐"), await cast.operator()
    neighbour = await cast.member("李阿姨", first)
    done(await operator.put(f"/console/stations/{second.station_id}", {"active": False}))
    closed = await neighbour.put("/app/me/station", {"station_id": str(second.station_id)})
    assert (closed.status_code, closed.json()["code"]) == (409, "station_closed")
    assert done(await neighbour.get("/app/me"))["station"]["id"] == str(first.station_id)
    assert len(done(await neighbour.get("/app/me/stations"))) == 1


async def test_a_member_without_station_takes_the_one_of_the_next_link_and_keeps_it(cast: Cast) -> None:
    neighbour = await cast.member("李阿姨")
    assert done(await neighbour.get("/app/me"))["station"] is None

    async def where(tx: Tx) -> Any:
        return await bound_station(tx, neighbour.id)

    with pytest.raises(NotBound):
        await in_region(cast, where)
    for leader in [await cast.leader("王姐"), await cast.leader("赵姐")]:
        code = (await cast.codes([neighbour.phone]))[neighbour.phone]
        link = {"station_id": str(leader.station_id), "region": cast.region_id}
        body = {"phone": neighbour.phone, "code": code, **link}
        done(await cast.client.post("/app/sessions", json=body))
    assert (await in_region(cast, where)).name == "王姐的店"


async def test_signing_in_on_two_phones_at_once_makes_one_account_and_one_member(cast: Cast) -> None:
    leader = await cast.leader()
    phone, key = new_phone(), uuid4().hex
    code = (await cast.codes([phone]))[phone]
    body = {"phone": phone, "code": code, "region": cast.region_id, "station_id": str(leader.station_id)}
    headers = {"Idempotency-Key": key}
    answers = await asyncio.gather(*(cast.client.post("/app/sessions", json=body, headers=headers) for _ in range(8)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["who"]["person_id"] for each in answers}) == 1
    assert len(done(await leader.get("/leader/members"))["items"]) == 1


@pytest.mark.rule("LDR-7")
async def test_a_leader_never_gets_another_leaders_member(cast: Cast) -> None:
    first, second = await cast.leader("王姐"), await cast.leader("赵姐")
    await cast.members(["李阿姨", "张叔"], first)
    await cast.member("陈姐", second)
    assert [each["nickname"] for each in done(await second.get("/leader/members"))["items"]] == ["陈姐"]
    names, after = [], "0"
    while after is not None:
        page = done(await first.get(f"/leader/members?limit=1&after={after}"))
        names += [each["nickname"] for each in page["items"]]
        after = page["next"]
    assert names == ["李阿姨", "张叔"]


async def test_a_neighbour_without_account_is_written_down_once_by_name_and_place(cast: Cast) -> None:
    leader = await cast.leader()

    async def write(tx: Tx, name: str = "李阿姨", place: str = "3栋502") -> int:
        return await find_or_add_neighbour(tx, station_id=leader.station_id, nickname=name, place=place)

    same = await asyncio.gather(*(in_region(cast, write) for _ in range(20)))
    assert len(set(same)) == 1

    async def others(tx: Tx) -> list[int]:
        return [await write(tx, place="3栋503"), await write(tx, "李阿姨 ", " 3栋502"), await write(tx, "张叔")]

    next_door, again, another = await in_region(cast, others)
    assert again == same[0]
    assert len({next_door, again, another}) == 3

    async def read(tx: Tx) -> Any:
        return await member(tx, again), await members(tx, [again, another, 1])

    one, several = await in_region(cast, read)
    assert (one.account_id, one.nickname, one.place, one.station_id) == (None, "李阿姨", "3栋502", leader.station_id)
    assert sorted(several) == sorted([again, another])


async def test_paid_orders_are_counted_even_when_many_are_paid_at_once(cast: Cast) -> None:
    neighbour = await cast.member()

    async def count(tx: Tx) -> int:
        return await count_paid_order(tx, member_id=neighbour.id)

    counted = await asyncio.gather(*(in_region(cast, count) for _ in range(10)))
    assert sorted(counted) == list(range(1, 11))
    assert done(await neighbour.get("/app/me"))["orders_paid"] == 10


async def test_the_console_sees_members_with_masked_phones_and_only_with_the_permission(cast: Cast) -> None:
    leader = await cast.leader()
    neighbour = await cast.member("李阿姨", leader)
    service, finance = await cast.customer_service(), await cast.finance()
    seen = done(await service.get(f"/console/members?station_id={leader.station_id}"))["items"]
    assert [each["id"] for each in seen] == [str(neighbour.id)]
    assert neighbour.phone not in str(seen)
    assert (await finance.get("/console/members")).status_code == 403


async def test_a_member_says_how_to_be_called(cast: Cast) -> None:
    neighbour = await cast.member()
    done(await neighbour.put("/app/me", {"nickname": "李姐", "place": "3栋502"}))
    me = done(await neighbour.get("/app/me"))
    assert (me["nickname"], me["place"]) == ("李姐", "3栋502")
    for bad in ({"nickname": ""}, {"nickname": "x" * 121}, {"nickname": "a\u0000b"}, {"nickname": "李姐", "more": 1}):
        assert (await neighbour.put("/app/me", bad)).status_code == 422
