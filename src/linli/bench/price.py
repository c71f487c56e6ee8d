"""How long the price of a basket takes: pure Python, no database, beside the bare arithmetic of the same baskets."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from linli.bench.machine import measure_machine
from linli.kernel.price import KINDS, Basket, Buyer, Item, price

BAR_US = 60.0
BASKETS, ROUNDS = 2_000, 15
SEED = 20_261_123
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def bench_price(*, lines: int = 3, seconds: float = 3.0) -> dict[str, Any]:
    """Price random baskets of so many lines with a coupon and a step discount; returns microseconds per basket."""
    baskets = _baskets(lines)
    plain = [basket._replace(terms=()) for basket in baskets]
    priced = _measure(price, baskets, seconds)
    with tempfile.TemporaryDirectory() as folder:
        machine = measure_machine(Path(folder))
    quotes = [price(basket) for basket in baskets]
    wrong = sum(sum(line.payable_fen for line in quote.lines) != quote.payable_fen for quote in quotes)
    return {
        "bench": "price", "lines": lines, "terms": ["coupon", "step"], "baskets": len(baskets),
        "us": round(priced[0], 2), "us_best": round(priced[1], 2), "bar_us": BAR_US,
        "plain_us": round(_measure(price, plain, seconds / 3)[0], 2),
        "bare_us": round(_measure(_bare, baskets, seconds / 3)[0], 2),
        "discounted": sum(len(quote.discounts) == 2 for quote in quotes), "wrong": wrong,
        "rounds": ROUNDS, "machine": machine,
    }  # fmt: skip


def _baskets(lines: int) -> list[Basket]:
    dice = random.Random(SEED)
    days = (NOON - timedelta(days=1), NOON + timedelta(days=6))
    coupon = {
        "source": "coupon:7", "label": "满50减5", "asked": True, "form": "amount", "off_fen": 500,
        "threshold_fen": 5_000, "valid_from": days[0], "valid_until": days[1],
    }  # fmt: skip
    step = {
        "source": "step:3", "label": "满50减5、满100减12", "by": "amount", "rungs": [[5_000, 500], [10_000, 1_200]],
        "starts_at": days[0], "ends_at": days[1],
    }  # fmt: skip
    terms = tuple(msgspec.convert(plain, KINDS[kind]) for kind, plain in (("coupon", coupon), ("step", step)))
    return [
        Basket(
            tuple(
                Item(10**15 + dice.randrange(10**6), dice.randint(1, 4), dice.randint(2_000, 9_000), dice.randint(1, 9))
                for _ in range(lines)
            ),
            Buyer(dice.randint(0, 9)), NOON, terms,
        )
        for _ in range(BASKETS)
    ]  # fmt: skip


def _measure(work: Callable[[Basket], Any], baskets: Sequence[Basket], seconds: float) -> tuple[float, float]:
    """Return the median and the best round, in microseconds of processor time per basket."""
    rounds: list[float] = []
    until = time.perf_counter() + seconds
    while len(rounds) < ROUNDS or time.perf_counter() < until:
        began = time.process_time()
        for basket in baskets:
            work(basket)
        rounds.append((time.process_time() - began) / len(baskets) * 1_000_000)
    return statistics.median(rounds), min(rounds)


def _bare(basket: Basket) -> list[int]:
    """Do the arithmetic alone: both discounts off the lines in proportion, without rules, reasons or names."""
    left = [quantity * fen for _, quantity, fen, *_ in basket.items]
    for _ in basket.terms:
        whole = sum(left)
        left = [fen - 500 * fen // whole for fen in left]
    return left
