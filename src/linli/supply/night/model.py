"""The steps of a night and the life of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class Step(StrEnum):
    """What is done at night, in this order."""

    FREEZE = "freeze"
    PURCHASE = "purchase"
    SEND = "send"


class StepState(StrEnum):
    """Whether a step is done."""

    WAITING = "waiting"
    DONE = "done"


STEP = Machine(
    "night_step",
    StepState.WAITING,
    {"finish": ((StepState.WAITING,), StepState.DONE)},
    final=(StepState.DONE,),
)


@dataclass(frozen=True, slots=True)
class StepValue:
    """One step of a cycle's night."""

    step: str
    state: str
    planned_at: datetime
    done_at: datetime | None
