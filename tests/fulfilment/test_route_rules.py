"""The pure side of routes: geometry, and plans that always keep their bounds and name whom they leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.fulfilment.route.jobs import solve
from linli.fulfilment.route.model import Place, Plan, PlannedRun, PlannedStop, Task, Van, Visit
from linli.fulfilment.route.rules import DETOUR, broken, fits_some, middle, street_metres

HOUR = 3_600
CHANGSHA = Place(28_228_200, 112_938_800)
places = st.builds(Place, st.integers(28_000_000, 28_400_000), st.integers(112_700_000, 113_200_000))


def visit(station_id: int, place: Place = CHANGSHA, weight_g: int = 50_000, **more: int) -> Visit:
    """A station that is open from 8 to 20."""
    return replace(Visit(station_id, place, weight_g, weight_g, 300, 8 * HOUR, 20 * HOUR), **more)  # type: ignore[arg-type]


def van(vehicle_id: int, capacity_g: int = 200_000) -> Van:
    """A van that drives from 10 to 18."""
    return Van(vehicle_id, capacity_g, capacity_g, 10 * HOUR, 18 * HOUR)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Any day: up to nine stations and three vans, some hopeless."""
    visits = []
    for station_id in range(1, draw(st.integers(0, 9)) + 1):
        opens = draw(st.integers(6, 17)) * HOUR
        closes = opens + draw(st.integers(0, 6)) * HOUR
        visits.append(
            Visit(
                station_id, draw(places), draw(st.integers(0, 150_000)), draw(st.integers(0, 150_000)),
                draw(st.integers(0, 1_800)), opens, closes,
            )
        )  # fmt: skip
    vans = []
    for vehicle_id in range(101, 101 + draw(st.integers(0, 3))):
        begins = draw(st.integers(6, 16)) * HOUR
        room = draw(st.integers(20_000, 400_000))
        vans.append(Van(vehicle_id, room, room, begins, begins + draw(st.integers(1, 8)) * HOUR))
    return Task(draw(places), tuple(visits), tuple(vans), draw(st.integers(3, 15)), draw(st.integers(0, 2**31 - 1)), 60)


@given(tasks())
@settings(max_examples=80)
@pytest.mark.rule("DLV-2")
def test_whatever_the_day_a_plan_keeps_its_bounds_and_forgets_no_station(task: Task) -> None:
    plan = solve(task)
    assert broken(task, plan) == []
    named = [stop.station_id for run in plan.runs for stop in run.stops] + list(plan.unserved)
    assert sorted(named) == [each.station_id for each in task.visits]
    assert all(run.stops for run in plan.runs)
    hopeless = {each.station_id for each in task.visits if not fits_some(each, task.vans)}
    assert hopeless <= set(plan.unserved)


@given(tasks())
@settings(max_examples=15)
def test_the_same_task_gives_the_same_plan(task: Task) -> None:
    assert solve(task) == solve(task)


@pytest.mark.rule("DLV-2")
def test_a_load_that_fits_no_van_is_named_and_the_others_are_served() -> None:
    task = Task(CHANGSHA, (visit(1), visit(2, weight_g=200_001), visit(3)), (van(9),), 7, 1, 100)
    plan = solve(task)
    assert plan.unserved == (2,)
    assert sorted(stop.station_id for run in plan.runs for stop in run.stops) == [1, 3]


def test_more_than_all_vans_carry_leaves_somebody_out_by_name() -> None:
    task = Task(CHANGSHA, tuple(visit(n, weight_g=90_000) for n in range(1, 6)), (van(8), van(9)), 7, 1, 100)
    plan = solve(task)
    assert len(plan.unserved) == 1  # two vans with room for two stations each
    assert broken(task, plan) == []


def test_a_station_that_closes_before_any_van_comes_is_left_out_by_name() -> None:
    early = visit(1, from_s=6 * HOUR, until_s=9 * HOUR)
    plan = solve(Task(CHANGSHA, (early, visit(2)), (van(9),), 7, 1, 100))
    assert plan.unserved == (1,)


def test_without_vans_every_station_is_named() -> None:
    plan = solve(Task(CHANGSHA, (visit(1), visit(2)), (), 7, 1, 100))
    assert (plan.runs, plan.unserved) == ((), (1, 2))


def test_two_near_stations_share_a_van_rather_than_taking_two() -> None:
    near = Place(CHANGSHA.lat_e6 + 5_000, CHANGSHA.lng_e6)
    plan = solve(Task(CHANGSHA, (visit(1), visit(2, near)), (van(8), van(9)), 7, 1, 100))
    assert [len(run.stops) for run in plan.runs] == [2]


def test_a_broken_plan_is_called_broken() -> None:
    task = Task(CHANGSHA, (visit(1), visit(2, weight_g=160_000)), (van(9),), 7, 1, 1)

    def run(*stops: tuple[int, int], depart_s: int = 10 * HOUR, return_s: int = 12 * HOUR) -> Plan:
        planned = tuple(PlannedStop(station_id, hour * HOUR) for station_id, hour in stops)
        return Plan((PlannedRun(9, 1, depart_s, return_s, planned),), ())

    assert broken(task, replace(run((1, 11)), unserved=(2,))) == []
    assert "unserved" in broken(task, run((1, 11)))[0]
    assert "unserved" in broken(task, replace(run((1, 11), (1, 12)), unserved=(2,)))[0]
    assert broken(task, run((1, 11), (2, 12))) == ["van 9 carries too much"]
    assert broken(task, replace(run((1, 7)), unserved=(2,))) == ["station 1 is visited outside its window"]
    late = replace(run((1, 11), return_s=19 * HOUR), unserved=(2,))
    assert broken(task, late) == ["van 9 drives outside its shift"]


@given(places, places)
def test_the_way_is_symmetric_and_a_whole_number_of_metres(one: Place, other: Place) -> None:
    metres = street_metres(one, other)
    assert isinstance(metres, int)
    assert metres == street_metres(other, one)
    assert (metres == 0) == (one == other) or metres < 2


def test_a_known_way() -> None:
    north = Place(CHANGSHA.lat_e6 + 1_000_000, CHANGSHA.lng_e6)  # one degree of latitude is 111,195 m on this sphere
    assert abs(street_metres(CHANGSHA, north) - round(111_195 * DETOUR)) <= 2


def test_without_a_warehouse_the_middle_of_the_stations_is_taken() -> None:
    assert middle([Place(10, 20), Place(30, 40)]) == Place(20, 30)
    assert middle([]) == Place(0, 0)
