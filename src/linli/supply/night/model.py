"""The steps of a night and the life of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class Step(StrEnum):
    """What is done from cut-off to the vans, in this order; between `send` and `share_out` the goods arrive."""

    FREEZE = "freeze"
    PURCHASE = "purchase"
    SEND = "send"
    SHARE_OUT = "share_out"
    PLAN_SORTING = "plan_sorting"
    PLAN_DELIVERY = "plan_delivery"


BUYING = (Step.FREEZE, Step.PURCHASE, Step.SEND)


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
    """One step of a cycle's night: when it was done, how many rows it handled and how many milliseconds it took."""

    step: str
    state: str
    planned_at: datetime
    done_at: datetime | None
    rows: int
    millis: int
    working: bool = False


@dataclass(frozen=True, slots=True)
class NightValue:
    """How far the night of a cycle is; a step that somebody takes at this moment is `working`."""

    cycle_id: int
    steps: tuple[StepValue, ...]

    @property
    def following(self) -> StepValue | None:
        """Return the first step that is not done."""
        return next((step for step in self.steps if step.state != StepState.DONE), None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the steps that can follow one another now will be done, by the pace of the nights that were measured."""

    until: str
    work_ms: int
    done_at: datetime
