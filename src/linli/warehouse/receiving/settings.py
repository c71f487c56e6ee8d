"""How warm cold goods may be on arrival, in tenths of a degree Celsius."""

from __future__ import annotations

from linli.platform.settings import Setting, declare
from linli.warehouse.receiving.model import ColdLimits


def _in_order(limits: ColdLimits) -> None:
    if not -600 <= limits.alarm_above <= limits.refuse_above <= 600:
        raise ValueError("the alarm comes no later than the refusal, both within ±60 °C")


CHILLED: Setting[ColdLimits] = declare(
    "warehouse.chilled_on_arrival",
    ColdLimits,
    ColdLimits(120, 150),
    "冷藏品到货温度：高于前者报警，高于后者拒收（0.1 °C）",
    _in_order,
)
FROZEN: Setting[ColdLimits] = declare(
    "warehouse.frozen_on_arrival",
    ColdLimits,
    ColdLimits(-150, -120),
    "冷冻品到货温度：高于前者报警，高于后者拒收（0.1 °C）",
    _in_order,
)
