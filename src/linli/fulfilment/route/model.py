"""The life of runs and stops, and the plain values of a route plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class RunState(StrEnum):
    """Where a vehicle's trip stands."""

    PLANNED = "planned"
    LOADED = "loaded"
    DEPARTED = "departed"
    FINISHED = "finished"
    REPLACED = "replaced"


class StopState(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    DONE = "done"


RUN = Machine(
    "run",
    RunState.PLANNED,
    {
        "load": ((RunState.PLANNED,), RunState.LOADED),
        "depart": ((RunState.LOADED,), RunState.DEPARTED),
        "finish": ((RunState.DEPARTED,), RunState.FINISHED),
        "replace": ((RunState.PLANNED, RunState.LOADED), RunState.REPLACED),
    },
    final=(RunState.FINISHED, RunState.REPLACED),
)
STOP = Machine(
    "stop",
    StopState.PLANNED,
    {
        "arrive": ((StopState.PLANNED,), StopState.ARRIVED),
        "finish": ((StopState.ARRIVED,), StopState.DONE),
    },
    final=(StopState.DONE,),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A point in millionths of a degree."""

    lat_e6: int
    lng_e6: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A station to be visited: load in grams and ml, seconds to unload, window in seconds since midnight."""

    station_id: int
    place: Place
    weight_g: int
    volume_ml: int
    unload_s: int
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Van:
    """A vehicle to plan with: what it carries, and its shift in seconds since midnight."""

    vehicle_id: int
    capacity_g: int
    capacity_ml: int
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Task:
    """Everything a plan is made from; `speed_mps` in whole metres a second, `seed` makes it repeatable."""

    depot: Place
    visits: tuple[Visit, ...]
    vans: tuple[Van, ...]
    speed_mps: int
    seed: int
    iterations: int


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A visit in a plan, with its arrival in seconds since midnight."""

    station_id: int
    arrive_s: int


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A vehicle's trip in a plan: metres, departure and return in seconds since midnight, stops in order."""

    vehicle_id: int
    distance_m: int
    depart_s: int
    return_s: int
    stops: tuple[PlannedStop, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The trips, and the stations for which no vehicle has room or time."""

    runs: tuple[PlannedRun, ...]
    unserved: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StopValue:
    """A visit as drivers and operators see it."""

    id: int
    run_id: int
    position: int
    station_id: int
    state: str
    arrive_at: datetime
    arrived_at: datetime | None
    totes: int
    pieces: int


@dataclass(frozen=True, slots=True)
class StopGuide:
    """What a driver needs at a stop: where it is, until when it is open, whom to call, and which totes go there."""

    station_name: str
    community_name: str
    address: str
    lat_e6: int
    lng_e6: int
    opens_minute: int
    closes_minute: int
    leader_name: str
    leader_phone: str
    tote_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunValue:
    """A trip as drivers and operators see it."""

    id: int
    cycle_id: int
    vehicle_id: int
    driver_id: int
    state: str
    distance_m: int
    weight_g: int
    volume_ml: int
    depart_at: datetime
    return_at: datetime
    departed_at: datetime | None
    stops: tuple[StopValue, ...]
