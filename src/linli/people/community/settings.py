"""The clock of a region as a setting: read and validated as a whole."""

from __future__ import annotations

from linli.kernel.calendar import RegionClock
from linli.platform.settings import Setting, declare


def _check(values: dict[str, str | int]) -> None:
    RegionClock.parse(values)


CLOCK: Setting[dict[str, str | int]] = declare(
    "people.clock",
    dict[str, str | int],
    RegionClock().as_mapping(),
    "区域的一天：发布、截单、到货、分拣、送达等时刻（自下一个未开团的团期起生效）",
    _check,
)
