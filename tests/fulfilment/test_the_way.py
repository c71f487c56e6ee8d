"""From the sorted tote to the leader's signature: plans, loading, driving, setting down, counting."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdf
import pytest
from sqlalchemy import text

from linli.fulfilment.route.commands import keep_plan, plan_routes, task_of
from linli.fulfilment.route.events import PlanRoutes
from linli.fulfilment.route.jobs import plan, solve
from linli.kernel.refusals import Refusal
from tests.fulfilment.yard import Yard
from tests.ordering.village import problem
from tests.people_cast import Cast, done

MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # of Tuesday, in Shanghai
Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.mark.rule("DLV-2")
async def test_sorted_goods_are_planned_onto_the_van_and_every_station_is_visited(yard: Yard) -> None:
    await yard.sort()
    found = await yard.plan()
    assert found["unserved"] == []
    [run] = found["runs"]
    assert {stop["station_id"] for stop in run["stops"]} == {str(leader.station_id) for leader in yard.leaders}
    assert [stop["position"] for stop in run["stops"]] == [1, 2]
    assert sum(stop["pieces"] for stop in run["stops"]) == 21
    assert run["weight_g"] == 13 * 2_500 + 8 * 1_050
    assert run["driver_id"] == str(yard.drivers[0].account_id)
    handover = await yard.handover()
    assert (handover["state"], handover["expected_pieces"]) == ("expected", 13)


async def test_a_driver_sees_where_to_go_whom_to_call_and_which_totes_and_no_whole_phone(yard: Yard) -> None:
    await yard.sort()
    [run] = await yard.runs()
    by_station = {stop["station_id"]: stop for stop in run["stops"]}
    for leader in yard.leaders:
        stop = by_station[str(leader.station_id)]
        assert stop["station_name"] == f"{leader.name}的店"
        assert stop["leader_name"] == leader.name
        assert stop["leader_phone"] == f"****{leader.phone[-4:]}"
        assert leader.phone not in str(run)
        assert len(stop["tote_codes"]) == stop["totes"] > 0
        assert stop["lat_e6"]


async def test_the_route_sheet_prints_every_stop(yard: Yard) -> None:
    await yard.sort()
    [run] = (await yard.plan())["runs"]
    answer = await yard.operator.get(f"/console/runs/{run['id']}/sheet.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    printed = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for leader in yard.leaders:
        assert f"{leader.name}的店" in printed
        assert leader.phone not in printed
    problem(await yard.operator.get("/console/runs/5/sheet.pdf"), 404, "no_such_run")


@pytest.mark.rule("DLV-2")
async def test_what_fits_no_van_is_named_to_the_operators_and_served_once_there_is_a_bigger_one(cast: Cast) -> None:
    yard = await Yard.open(cast, capacity_g=15_000)  # 王姐 gets 29.6 kg, 周叔 11.3 kg
    await yard.sort()
    found = await yard.plan()
    assert found["unserved"] == [str(yard.leaders[0].station_id)]
    assert [stop["station_id"] for run in found["runs"] for stop in run["stops"]] == [str(yard.leaders[1].station_id)]
    assert "route.unserved" in await yard.messages("staff:operator")
    await yard.van(f"湘B{cast.region_id}", capacity_g=60_000)
    again = await yard.plan_again()
    assert again["unserved"] == []
    assert len({stop["station_id"] for run in again["runs"] for stop in run["stops"]}) == 2


async def test_without_vans_every_station_is_named(cast: Cast) -> None:
    yard = await Yard.open(cast, vans=0)
    await yard.sort()
    found = await yard.plan()
    assert found["runs"] == []
    assert set(found["unserved"]) == {str(leader.station_id) for leader in yard.leaders}


@pytest.mark.rule("DLV-2")
async def test_planning_again_leaves_what_departed_and_replaces_the_rest(cast: Cast) -> None:
    yard = await Yard.open(cast, vans=2, capacity_g=30_000)  # one station a van
    await yard.sort()
    first = await yard.plan()
    assert len(first["runs"]) == 2
    [stale] = await yard.runs(yard.drivers[1])
    gone = await yard.depart(yard.drivers[0])
    again = await yard.plan_again()
    assert again["unserved"] == []
    kept = {run["id"]: run for run in again["runs"]}
    assert kept.pop(gone["id"])["state"] == "departed"
    [fresh] = kept.values()
    assert fresh["id"] not in {run["id"] for run in first["runs"]}
    assert {stop["station_id"] for stop in fresh["stops"]}.isdisjoint({stop["station_id"] for stop in gone["stops"]})
    problem(await yard.load(stale, yard.drivers[1]), 409, "wrong_state")


async def test_a_van_on_the_road_is_planned_again_only_from_its_return_on(cast: Cast) -> None:
    yard = await Yard.open(cast, vans=1, capacity_g=30_000)
    await yard.sort()
    [run] = (await yard.plan())["runs"]
    await yard.depart()
    task = await yard.depot.do(lambda tx: task_of(tx, cycle_id=yard.cycle_id))
    planned = await yard.plan()
    [departed] = planned["runs"]
    [van] = task.vans
    assert (departed["id"], departed["state"]) == (run["id"], "departed")
    assert van.from_s >= 14 * 3_600
    assert MIDNIGHT + timedelta(seconds=van.from_s) == datetime.fromisoformat(departed["return_at"])


async def test_a_plan_made_while_a_van_departed_is_not_used_and_nobody_is_forgotten(cast: Cast) -> None:
    yard = await Yard.open(cast, vans=1)  # both stations on one run
    await yard.sort()
    outdated = solve(await yard.depot.do(lambda tx: task_of(tx, cycle_id=yard.cycle_id)))
    await yard.depart()
    before = await yard.written()
    with pytest.raises(Refusal) as caught:
        await yard.depot.do(lambda tx: keep_plan(tx, cycle_id=yard.cycle_id, plan=outdated))
    assert caught.value.code == "plan_outdated"
    assert await yard.written() == before
    assert (await yard.plan_again())["unserved"] == []


@pytest.mark.rule("DLV-2")
async def test_two_plans_at_once_leave_one(yard: Yard) -> None:
    await yard.sort()
    wish = PlanRoutes(yard.cycle_id)
    installation, region = yard.depot.installation, yard.depot.cast.region_id
    await asyncio.gather(*[plan(installation, region, wish) for _ in range(4)])
    found = await yard.plan()
    stations = [stop["station_id"] for run in found["runs"] for stop in run["stops"]]
    assert sorted(stations) == sorted(str(leader.station_id) for leader in yard.leaders)
    assert await yard.depot.count("fulfilment.route_plans", "version = 5") == 1
    assert await yard.depot.count("fulfilment.runs", "state = 'replaced'") == 4


async def test_goods_sorted_after_the_promised_hour_are_driven_all_the_same(yard: Yard) -> None:
    cycle = done(await yard.operator.get(f"/console/cycles/{yard.cycle_id}"))
    late = datetime.fromisoformat(cycle["delivered_by"])
    yard.depot.clock.set(late)
    await yard.sort()
    found = await yard.plan()
    assert found["unserved"] == []
    assert all(datetime.fromisoformat(run["depart_at"]) >= late for run in found["runs"])


async def test_a_load_with_a_missing_or_a_foreign_tote_is_refused_and_named(yard: Yard) -> None:
    await yard.sort()
    [run] = await yard.runs()
    codes = [code for stop in run["stops"] for code in stop["tote_codes"]]
    driver, path = yard.drivers[0], f"/driver/runs/{run['id']}"
    before = await yard.written()
    refused = problem(await driver.post(f"{path}/loading", {"tote_codes": codes[1:]}), 409, "totes_differ")
    assert (refused["missing"], refused["foreign"]) == ([codes[0]], [])
    refused = problem(await driver.post(f"{path}/loading", {"tote_codes": [*codes, "T-9"]}), 409, "totes_differ")
    assert (refused["missing"], refused["foreign"]) == ([], ["T-9"])
    problem(await driver.post(f"{path}/departure"), 409, "wrong_state")
    assert await yard.written() == before


async def test_another_driver_sees_and_drives_nothing_of_the_run(yard: Yard) -> None:
    await yard.sort()
    [run] = await yard.runs()
    stranger = await yard.depot.cast.driver()
    assert done(await stranger.get("/driver/runs")) == []
    before = await yard.written()
    problem(await yard.load(run, stranger), 404, "no_such_run")
    problem(await stranger.post(f"/driver/runs/{run['id']}/departure"), 404, "no_such_run")
    stop = run["stops"][0]["id"]
    problem(await stranger.post(f"/driver/stops/{stop}/arrival"), 404, "no_such_run")
    problem(await stranger.post(f"/driver/stops/{stop}/handover", {"totes": 1}), 404, "no_such_run")
    assert await yard.written() == before


async def test_departing_sets_the_orders_on_the_way_once(yard: Yard) -> None:
    await yard.sort()
    run = await yard.depart()
    assert run["state"] == "departed"
    assert {(await yard.depot.value(order)).state.value for order in yard.orders} == {"on_the_way"}
    before = await yard.written()
    again = done(await yard.drivers[0].post(f"/driver/runs/{run['id']}/departure"))
    assert (again["departed_at"], await yard.written()) == (run["departed_at"], before)
    assert await yard.depot.count("platform.outbox", "name = 'fulfilment.run_departed'") == 1


async def test_a_driver_arrives_before_setting_down_and_sets_down_once(yard: Yard) -> None:
    await yard.sort()
    [run] = await yard.runs()
    stop, driver = run["stops"][0], yard.drivers[0]
    problem(await driver.post(f"/driver/stops/{stop['id']}/arrival"), 409, "not_there_yet")
    await yard.depart()
    problem(await driver.post(f"/driver/stops/{stop['id']}/handover", {"totes": 1}), 409, "not_arrived")
    assert done(await driver.post(f"/driver/stops/{stop['id']}/arrival")) == {"station_id": stop["station_id"]}
    first = done(await driver.post(f"/driver/stops/{stop['id']}/handover", {"totes": stop["totes"]}))
    second = done(await driver.post(f"/driver/stops/{stop['id']}/handover", {"totes": 99}))
    assert first["id"] == second["id"]
    assert await yard.depot.count("fulfilment.handovers", "driver_totes = 99") == 0
    assert await yard.depot.count("platform.outbox", "name = 'fulfilment.station_supplied'") == 1


async def test_the_run_is_finished_with_its_last_stop(yard: Yard) -> None:
    await yard.sort()
    await yard.drive()
    assert await yard.runs() == []
    [run] = (await yard.plan())["runs"]
    assert run["state"] == "finished"
    assert {stop["state"] for stop in run["stops"]} == {"done"}


@pytest.mark.rule("PUP-1")
async def test_the_leaders_signature_brings_the_orders_to_the_station_and_calls_the_members(yard: Yard) -> None:
    await yard.sort()
    await yard.drive()
    assert "handover.delivered" in await yard.messages(f"leader:{yard.leaders[0].id}")
    done(await yard.sign(0))
    states = [(await yard.depot.value(order)).state.value for order in yard.orders]
    assert states == ["at_station", "at_station", "on_the_way"]
    lady, other = await yard.depot.value(yard.orders[0]), await yard.depot.value(yard.orders[2])
    assert (await yard.messages(f"member:{lady.member_id}")).count("order.arrived") == 1
    assert "order.arrived" not in await yard.messages(f"member:{other.member_id}")
    assert "handover.counts" not in await yard.messages("staff:operator")
    cycle = f"/console/cycles/{yard.cycle_id}"
    assert done(await yard.operator.get(cycle))["state"] == "delivering"
    done(await yard.sign(1))
    assert done(await yard.operator.get(cycle))["state"] == "collecting"


async def test_counts_that_differ_are_kept_and_read_by_operators(yard: Yard) -> None:
    await yard.sort()
    await yard.drive()
    expected = (await yard.handover())["expected_totes"]
    done(await yard.sign(0, expected - 1))
    kept = await yard.handover()
    assert (kept["driver_totes"], kept["leader_totes"]) == (expected, expected - 1)
    assert (await yard.messages("staff:operator")).count("handover.counts") == 1


async def test_a_leader_who_counts_other_than_the_driver_is_read_of_too(yard: Yard) -> None:
    await yard.sort()
    for stop in (await yard.depart())["stops"]:
        done(await yard.drivers[0].post(f"/driver/stops/{stop['id']}/arrival"))
        one_less = {"totes": stop["totes"] - 1}
        done(await yard.drivers[0].post(f"/driver/stops/{stop['id']}/handover", one_less))
    done(await yard.sign(0))
    assert (await yard.messages("staff:operator")).count("handover.counts") == 1


async def test_a_leader_signs_once_after_the_van_and_only_for_her_own_station(yard: Yard) -> None:
    await yard.sort()
    before = await yard.written()
    problem(await yard.sign(0), 409, "not_delivered")
    own = await yard.handover()
    stranger = yard.leaders[1]
    problem(await stranger.post(f"/leader/handovers/{own['id']}/receipt", {"totes": 3}), 404, "no_such_handover")
    assert await yard.written() == before
    await yard.drive()
    assert done(await yard.sign(0))["repeated"] is False
    before = await yard.written()
    assert done(await yard.sign(0, 1))["repeated"] is True
    assert await yard.written() == before


async def test_two_leaders_who_sign_at_once_end_the_driving(yard: Yard) -> None:
    await yard.sort()
    await yard.drive()
    papers = [await yard.handover(leader) for leader in (0, 1)]
    answers = await asyncio.gather(
        *[
            leader.post(f"/leader/handovers/{paper['id']}/receipt", {"totes": paper["expected_totes"]})
            for leader, paper in zip(yard.leaders, papers, strict=True)
        ]
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    await yard.depot.drain()
    assert done(await yard.operator.get(f"/console/cycles/{yard.cycle_id}"))["state"] == "collecting"


async def test_a_station_that_collects_itself_gets_no_van_and_signs_alone(cast: Cast) -> None:
    yard = await Yard.open(cast)
    await collects_itself(yard, yard.leaders[1].station_id)
    await yard.sort()
    found = await yard.plan()
    served = [stop["station_id"] for run in found["runs"] for stop in run["stops"]]
    assert (served, found["unserved"]) == ([str(yard.leaders[0].station_id)], [])
    assert (await yard.handover(1))["mode"] == "self_collect"
    done(await yard.sign(1))
    assert (await yard.depot.value(yard.orders[2])).state == "at_station"
    await yard.drive()
    done(await yard.sign(0))
    assert done(await yard.operator.get(f"/console/cycles/{yard.cycle_id}"))["state"] == "collecting"


async def collects_itself(yard: Yard, station_id: int) -> None:
    """Let a station's leader collect at the warehouse."""
    statement = text("UPDATE people.stations SET mode = 'self_collect' WHERE region_id = :region AND id = :id")

    async def change(tx: Any) -> None:
        await tx.execute(statement, {"region": yard.depot.cast.region_id, "id": station_id})

    await yard.depot.do(change)


async def test_vans_are_listed_and_a_plate_is_registered_once(yard: Yard) -> None:
    [van] = done(await yard.operator.get("/console/vehicles"))
    body = {"plate": van["plate"], "capacity_g": 1, "capacity_ml": 1}
    problem(await yard.operator.post("/console/vehicles", body), 409, "plate_taken")
    for wrong in (
        {"shift_from": 600, "shift_until": 600},
        {"capacity_g": 0},
        {"capacity_ml": 0},
        {"shift_until": 1_441},
    ):
        answer = await yard.operator.post("/console/vehicles", {**body, "plate": "湘C1", **wrong})
        assert answer.status_code == 422, wrong
    assert len(done(await yard.operator.get("/console/vehicles"))) == 1


async def test_a_plan_for_no_cycle_is_refused(yard: Yard) -> None:
    problem(await yard.operator.post("/console/cycles/5/route-plan"), 404, "no_such_cycle")
    with pytest.raises(Refusal):
        await yard.depot.do(lambda tx: plan_routes(tx, cycle_id=5))


async def test_lists_cost_the_same_statements_for_one_station_as_for_many(cast: Cast, counted: Counted) -> None:
    yard = await Yard.open(cast, vans=2, capacity_g=30_000)
    await yard.sort()
    driver, operator, leader = yard.drivers[0], yard.operator, yard.leaders[0]
    budgets = (
        (lambda: driver.get("/driver/runs"), 10),
        (lambda: operator.get(f"/console/cycles/{yard.cycle_id}/runs"), 8),
        (lambda: operator.get(f"/console/cycles/{yard.cycle_id}/handovers"), 6),
        (lambda: leader.get("/leader/handovers"), 6),
    )
    for call, budget in budgets:
        with counted() as seen:
            answer = await call()
        assert answer.status_code == 200
        assert 0 < len(seen) <= budget, (answer.request.url.path, len(seen), seen)
