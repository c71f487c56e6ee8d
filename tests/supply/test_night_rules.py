"""When the night will be done: the pace that was measured, over what is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linli.supply.night.model import NightValue, Step, StepState, StepValue
from linli.supply.night.rules import forecast, pace, stretch

NOON = datetime(2026, 11, 23, 15, 5, tzinfo=UTC)


def night(done: int, lines: int = 1_000, millis: int = 500) -> NightValue:
    """Return a night of which so many steps are done, each in so many milliseconds."""
    steps = []
    for at, step in enumerate(Step):
        rows = lines if step is Step.FREEZE and done else 0
        state, at_ = (StepState.DONE, NOON) if at < done else (StepState.WAITING, None)
        steps.append(StepValue(step, state, NOON, at_, rows, millis if at < done else 0))
    return NightValue(1, tuple(steps))


def test_what_is_left_is_forecast_by_the_pace_of_those_who_are_through() -> None:
    measured = pace([night(6), night(6, lines=3_000, millis=1_500)])
    assert measured[Step.PURCHASE] == 0.5
    found = forecast(night(1, lines=2_000), measured, 0, workers=2, now=NOON)
    assert found is not None
    assert (found.until, found.work_ms) == (Step.SEND, 2_000)  # two steps of 2,000 lines
    assert found.done_at == NOON + timedelta(seconds=1)


def test_a_night_of_unknown_size_is_taken_for_a_usual_one_and_one_without_pace_is_not_forecast() -> None:
    measured = pace([night(3)])
    found = forecast(night(0), measured, 1_000, workers=1, now=NOON)
    assert found is not None
    assert found.work_ms == 1_500
    assert forecast(night(3), measured, 1_000, workers=1, now=NOON) is None
    assert forecast(night(6), measured, 1_000, workers=1, now=NOON) is None


def test_buying_and_sorting_are_two_stretches_with_the_arrival_between_them() -> None:
    assert stretch(night(1)) == (Step.PURCHASE, Step.SEND)
    assert stretch(night(3)) == (Step.SHARE_OUT, Step.PLAN_SORTING, Step.PLAN_DELIVERY)
    assert stretch(night(6)) == ()
