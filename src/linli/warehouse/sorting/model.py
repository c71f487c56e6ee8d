"""The lives of waves, tasks and totes, and what is put where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class WaveState(StrEnum):
    """Where a sorting run stands."""

    PLANNED = "planned"
    SORTING = "sorting"
    FINISHED = "finished"


class TaskState(StrEnum):
    """Where the sorting of one sku stands."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    STARTED = "started"
    FINISHED = "finished"


class ToteState(StrEnum):
    """Whether a tote is still being filled."""

    OPEN = "open"
    SEALED = "sealed"


WAVE = Machine(
    "wave",
    WaveState.PLANNED,
    {
        "start": ((WaveState.PLANNED,), WaveState.SORTING),
        "finish": ((WaveState.PLANNED, WaveState.SORTING), WaveState.FINISHED),
    },
    final=(WaveState.FINISHED,),
)
TASK = Machine(
    "sorting_task",
    TaskState.WAITING,
    {
        "assign": ((TaskState.WAITING,), TaskState.ASSIGNED),
        "start": ((TaskState.WAITING, TaskState.ASSIGNED), TaskState.STARTED),
        "finish": ((TaskState.STARTED,), TaskState.FINISHED),
    },
    final=(TaskState.FINISHED,),
)
TOTE = Machine("tote", ToteState.OPEN, {"seal": ((ToteState.OPEN,), ToteState.SEALED)}, final=(ToteState.SEALED,))


@dataclass(frozen=True, slots=True)
class ToteLimits:
    """What one tote holds at most: grams and millilitres."""

    weight_g: int
    volume_ml: int


@dataclass(frozen=True, slots=True)
class ToteValue:
    """A tote of a station: the pieces that are in it (or are to be), grams and millilitres."""

    id: int
    code: str
    station_id: int
    storage_class: str
    pieces: int
    weight_g: int
    volume_ml: int
    state: str


@dataclass(frozen=True, slots=True)
class ShareValue:
    """How many pieces of a task's sku go into a tote, how many are in it, how many there were not."""

    tote_id: int
    tote_code: str
    station_id: int
    planned: int
    sorted: int
    short: int


@dataclass(frozen=True, slots=True)
class TaskValue:
    """The sorting of one sku."""

    id: int
    wave_id: int
    cycle_id: int
    sku_id: int
    name: str
    spec: str
    barcode: str
    storage_class: str
    state: str
    worker_id: int
    planned: int
    sorted: int
    short: int
    shares: tuple[ShareValue, ...]


@dataclass(frozen=True, slots=True)
class WaveValue:
    """A sorting run: pieces planned, sorted and short, tasks in all and finished."""

    id: int
    cycle_id: int
    state: str
    totes: int
    tasks: int
    tasks_finished: int
    planned: int
    sorted: int
    short: int
    planned_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SortedLine:
    """One order line in one tote: the source of every paper; `quantity` is without what was short."""

    station_id: int
    serial: int
    order_id: int
    member_id: int
    leader_id: int
    line_id: int
    tote_id: int
    tote_code: str
    sku_id: int
    name: str
    spec: str
    barcode: str
    storage_class: str
    quantity: int
