"""Business settings of selection, validated and dated in the settings of head office (region 0)."""

from __future__ import annotations

from linli.catalog.selection.model import Measure
from linli.platform.settings import declare


def _possible(measure: Measure) -> None:
    weights = (measure.price_weight, measure.quality_weight, measure.supply_weight)
    if min(weights) < 0 or sum(weights) != 100:
        raise ValueError("the three weights add up to 100")
    if not 0 < measure.advantage_wanted_bp < measure.advantage_full_bp <= measure.advantage_doubtful_bp < 10_000:
        raise ValueError("the wanted advantage begins before it is full, and that before it is doubtful")
    if not 0 <= measure.talk_from <= measure.take_from <= 100 or min(measure.bulky_g, measure.bulky_ml) <= 0:
        raise ValueError("marks lie between 0 and 100, sizes above 0")


def _some_days(days: int) -> None:
    if not 1 <= days <= 365:
        raise ValueError("a reference price holds for one to 365 days")


MEASURE = declare("catalog.selection", Measure, Measure(), "选品打分：权重、价格优势、大件界限与结论", _possible)
REFERENCE_DAYS = declare("catalog.reference_days", int, 30, "参考价自看到之日起多少天内有效", _some_days)
