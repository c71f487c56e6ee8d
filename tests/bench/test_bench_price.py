"""The measure of prices measures what it says: baskets that meet both discounts and sum up."""

from __future__ import annotations

from linli.bench import bench_price


def test_the_price_bench_prices_baskets_that_meet_both_discounts() -> None:
    report = bench_price(lines=3, seconds=0.01)
    assert report["wrong"] == 0
    assert report["discounted"] == report["baskets"] == 2_000
    assert 0 < report["bare_us"] < report["us"]
    assert report["plain_us"] < report["us"]
