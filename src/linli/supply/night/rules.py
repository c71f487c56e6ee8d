"""Pure arithmetic of the night: the pace that was measured, and when what is left will be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from linli.supply.night.model import BUYING, Forecast, NightValue, Step, StepState


def pace(nights: Iterable[NightValue]) -> dict[str, float]:
    """Return the milliseconds each step took for a line of frozen demand, over all nights that took it."""
    millis: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for night in nights:
        for step in night.steps:
            if step.state == StepState.DONE:
                millis[step.step] += step.millis
                lines[step.step] += size(night) or 1
    return {step: millis[step] / lines[step] for step in lines}


def size(night: NightValue) -> int:
    """Return the lines of a night's frozen demand, 0 before it is frozen."""
    return next((step.rows for step in night.steps if step.step == Step.FREEZE), 0)


def stretch(night: NightValue) -> tuple[str, ...]:
    """Return the steps that can follow one another now: those up to the sending of orders, or those after the goods."""
    left = [step.step for step in night.steps if step.state != StepState.DONE]
    buying = tuple(step for step in left if step in BUYING)
    return buying or tuple(left)


def forecast(
    night: NightValue, measured: Mapping[str, float], usual_size: int, *, workers: int, now: datetime
) -> Forecast | None:
    """Return when the steps that can follow now will be done; None when there is none, or no pace was measured."""
    steps = stretch(night)
    if not steps or any(step not in measured for step in steps):
        return None
    work = round(sum(measured[step] for step in steps) * (size(night) or usual_size))
    return Forecast(steps[-1], work, now + timedelta(milliseconds=work // max(1, workers)))
