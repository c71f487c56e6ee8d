"""Regions with their clock, communities and stations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.people import clock_of, leader_of_station, open_station, regions, station, stations, stations_of_leader
from linli.people.community.rules import PlaceUnreadable, distance_m, parse_place
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation
from tests.people_cast import Cast, done


async def reading(cast: Cast, ask: Any) -> Any:
    async with cast.installation.db.transaction(cast.region_id, by="test") as tx:
        return await ask(tx)


async def test_a_region_is_opened_with_its_own_clock_and_once(cast: Cast) -> None:
    admin = await cast.administrator()
    number = cast.region_id + 600_000
    body = {
        "number": number,
        "name": "乌鲁木齐",
        "timezone": "Asia/Urumqi",
        "clock": {"cut_off": "24:00", "demand_at": "24:05"},
    }
    done(await admin.post("/console/regions", body))
    taken = await admin.post("/console/regions", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "region_taken")
    async with cast.installation.db.transaction(number, by="test") as tx:
        clock = await clock_of(tx)
        assert number in [each.id for each in await regions(tx)]
    assert (clock.timezone, clock.cut_off, clock.publish) == ("Asia/Urumqi", 24 * 60, 14 * 60)


async def test_a_region_with_a_clock_that_contradicts_itself_is_not_opened(cast: Cast) -> None:
    admin, number = await cast.administrator(), cast.region_id + 610_000
    body = {"number": number, "name": "无", "clock": {"cut_off": "13:00"}}
    refused = await admin.post("/console/regions", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "clock_contradiction")
    async with cast.installation.db.transaction(0, by="test") as tx:
        assert number not in [each.id for each in await regions(tx)]


async def test_a_clock_value_that_contradicts_another_is_refused_and_nothing_changes(cast: Cast) -> None:
    admin = await cast.administrator()
    before = done(await admin.get("/console/clock"))
    refused = await admin.put("/console/clock", {"clock": {"sorted_by": "09:00"}, "reason": "早一点"})
    assert (refused.status_code, refused.json()["code"]) == (422, "clock_contradiction")
    assert (refused.json()["earlier"], refused.json()["later"]) == ("supplier_arrival", "sorted_by")
    for bad in ({"cut_off": "25:99"}, {"nonsense": 1}, {"timezone": "Mars/Olympus"}, {"hold_minutes": -1}):
        assert (await admin.put("/console/clock", {"clock": bad})).json()["code"] == "clock_unreadable"
    assert done(await admin.get("/console/clock")) == before


async def test_a_new_clock_counts_from_now_and_the_past_keeps_the_old_one(cast: Cast, clock: SteeredClock) -> None:
    admin, before = await cast.administrator(), clock.now()
    clock.set(before + timedelta(hours=1))
    changed = done(await admin.put("/console/clock", {"clock": {"cut_off": "22:00"}, "reason": "试行"}))
    assert changed["clock"]["cut_off"] == "22:00"
    assert (await reading(cast, clock_of)).cut_off == 22 * 60

    async def an_hour_ago(tx: Tx) -> Any:
        return await clock_of(tx, before)

    assert (await reading(cast, an_hour_ago)).cut_off == 23 * 60


async def test_a_region_has_its_clock_for_itself(cast: Cast) -> None:
    admin = await cast.administrator()
    done(await admin.put("/console/clock", {"clock": {"cut_off": "21:00"}}))
    async with cast.installation.db.transaction(cast.region_id + 1, by="test") as tx:
        assert (await clock_of(tx)).cut_off == 23 * 60


async def test_a_leader_has_several_stations_and_other_rooms_find_them(cast: Cast) -> None:
    leader, operator = await cast.leader("王姐", station="东门"), await cast.operator()
    body = {
        "community_id": str(await cast.community()),
        "leader_id": str(leader.id),
        "name": "西门",
        "mode": "self_collect",
    }
    second = int(done(await operator.post("/console/stations", body))["id"])

    async def ask(tx: Tx) -> Any:
        one = await station(tx, second)
        owned = [each.id for each in await stations_of_leader(tx, leader.id)]
        return one, owned, await leader_of_station(tx, second), await stations(tx, [second])

    one, owned, runs, by_id = await reading(cast, ask)
    assert (one.name, one.community_name, one.mode, one.lat_e6) == ("西门", "春天里", "self_collect", 28_228_200)
    assert owned == [leader.station_id, second]
    assert runs == leader.id
    assert by_id == {second: one}
    mine = done(await leader.get("/leader/me"))
    assert [each["name"] for each in mine["stations"]] == ["东门", "西门"]


async def test_a_station_needs_a_name_of_its_own_sane_hours_and_a_leader_who_is_in(cast: Cast) -> None:
    leader, operator = await cast.leader("王姐", station="东门"), await cast.operator()
    body = {"community_id": str(await cast.community()), "leader_id": str(leader.id), "name": "东门"}

    async def refused(**changes: Any) -> str:
        return str((await operator.post("/console/stations", body | changes)).json()["code"])

    assert await refused() == "station_taken"
    assert await refused(name="北门", opens_minute=600, closes_minute=600) == "hours_contradict"
    assert await refused(name="北门", community_id="1") == "no_such_community"
    assert await refused(name="北门", leader_id="1") == "no_such_leader"
    done(await operator.post(f"/console/leaders/{leader.id}/standing", {"verb": "leave", "reason": "搬家"}))
    assert await refused(name="北门") == "leader_cannot_run"
    listed = done(await operator.get("/console/stations"))["items"]
    assert [each["name"] for each in listed] == ["东门"]


async def test_a_change_of_a_station_changes_only_what_is_given(cast: Cast) -> None:
    leader, operator = await cast.leader("王姐", station="东门"), await cast.operator()
    path = f"/console/stations/{leader.station_id}"
    before = done(await operator.get("/console/stations"))["items"][0]
    after = done(await operator.put(path, {"active": False, "closes_minute": 1200}))
    assert after == before | {"active": False, "closes_minute": 1200}
    assert (await operator.put(path, {"opens_minute": 1300})).json()["code"] == "hours_contradict"


async def test_a_member_is_shown_open_stations_the_nearest_first(cast: Cast) -> None:
    near = await cast.leader("近姐", station="近")
    far = await cast.leader("远姐", station="远")
    shut = await cast.leader("关姐", station="关")
    operator = await cast.operator()
    done(await operator.put(f"/console/stations/{far.station_id}", {"lat_e6": 28_300_000, "lng_e6": 112_938_800}))
    done(await operator.put(f"/console/stations/{shut.station_id}", {"active": False}))
    member = await cast.member("李阿姨", near)
    found = done(await member.get("/app/stations?near=28.2282,112.9388"))
    assert [(each["name"], each["distance_m"]) for each in found] == [("近", 0), ("远", 7984)]
    assert (await member.get("/app/stations?near=here")).json()["code"] == "place_unreadable"


async def test_nothing_of_one_region_is_seen_or_touched_from_another(cast: Cast, installation: Installation) -> None:
    leader = await cast.leader("王姐", station="东门")
    admin, number = await cast.administrator(), cast.region_id + 620_000
    done(await admin.post("/console/regions", {"number": number, "name": "邻市"}))
    there = Cast(cast.client, installation, number)
    operator = await there.operator()
    stranger = await there.member("外人")
    assert (await operator.put(f"/console/stations/{leader.station_id}", {"active": False})).status_code == 404
    assert (await operator.get(f"/console/leaders/{leader.id}")).status_code == 404
    body = {"community_id": str(await there.community()), "leader_id": str(leader.id), "name": "北门"}
    assert (await operator.post("/console/stations", body)).status_code == 404
    assert (await stranger.put("/app/me/station", {"station_id": str(leader.station_id)})).status_code == 404
    assert done(await stranger.get("/app/stations")) == []


async def test_a_new_station_is_told_to_its_leader_and_announced(cast: Cast) -> None:
    leader = await cast.leader("王姐", station="东门")
    told = done(await leader.get("/leader/messages"))
    assert [(each["event"], each["text"]) for each in told["items"]] == [
        ("station.opened", "自提点 东门 已开通，可以开始接单。")
    ]

    async def opened(tx: Tx) -> int:
        return await open_station(tx, community_id=await cast.community(), leader_id=leader.id, name="西门")

    await cast.community()
    second = await cast.installation.db.run(opened, cast.region_id, by="test")
    assert second > leader.station_id


degrees = st.integers(-89_000_000, 89_000_000), st.integers(-179_000_000, 179_000_000)


@given(*degrees, *degrees)
def test_it_is_as_far_there_as_back_and_no_way_to_where_one_is(a: int, b: int, c: int, d: int) -> None:
    assert distance_m(a, b, c, d) == distance_m(c, d, a, b) <= 20_015_200
    assert distance_m(a, b, a, b) == 0


@given(*degrees)
def test_a_place_is_read_as_it_is_written(lat_e6: int, lng_e6: int) -> None:
    assert parse_place(f"{lat_e6 / 1e6:.6f}, {lng_e6 / 1e6:.6f}") == (lat_e6, lng_e6)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "91,0", "0,181", "1e3,2", "NaN,1", "28.1;112.2"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(PlaceUnreadable):
        parse_place(text)
