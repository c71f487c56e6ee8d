"""Money is shared, split and printed without losing a fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.money import MAX_FEN, cumulative_portion, parse_yuan, portion, share_bp, split, yuan

FEN = st.integers(-MAX_FEN, MAX_FEN)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@pytest.mark.rule("PRC-3")
@given(FEN, WEIGHTS)
def test_a_discount_split_to_lines_sums_to_the_discount(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or part == 0


@pytest.mark.rule("PRC-3")
@given(FEN, WEIGHTS)
def test_giving_back_is_the_mirror_of_taking(total: int, weights: list[int]) -> None:
    assert split(-total, weights) == [-part for part in split(total, weights)]


@given(st.integers(0, MAX_FEN), WEIGHTS)
def test_a_heavier_line_never_gets_less_and_of_equal_lines_the_earlier_gets_the_odd_fen(
    total: int, weights: list[int]
) -> None:
    parts = split(total, weights)
    for at in range(len(weights)):
        for later in range(at + 1, len(weights)):
            if weights[at] == weights[later]:
                assert parts[at] - parts[later] in (0, 1)
            elif weights[at] > weights[later]:
                assert parts[at] >= parts[later]
            else:
                assert parts[at] <= parts[later]


def test_the_odd_fen_goes_to_the_largest_remainder_then_to_the_earlier_line() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(10, [0, 1, 5]) == [0, 2, 8]
    assert split(0, [0, 0]) == [0, 0]
    assert split(0, []) == []


@pytest.mark.parametrize(("total", "weights"), [(1, [0, 0]), (-1, []), (5, [1, -1]), (0, [-1])])
def test_what_nobody_can_take_is_not_split(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError):
        split(total, weights)


@given(FEN, st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_portion_is_the_nearest_fen_and_mirrors(amount: int, part: int, whole: int) -> None:
    taken = portion(amount, part, whole)
    assert 2 * abs(taken * whole - amount * part) <= whole
    assert portion(-amount, part, whole) == -taken


def test_half_a_fen_rounds_away_from_zero() -> None:
    assert (portion(1, 1, 2), portion(-1, 1, 2)) == (1, -1)
    assert (share_bp(50, 100), share_bp(-50, 100), share_bp(49, 100)) == (1, -1, 0)
    assert share_bp(3990, 1000) == 399
    with pytest.raises(ValueError):
        portion(1, 1, 0)


@pytest.mark.rule("PRC-3")
@given(FEN, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_a_line_refunded_in_any_steps_gives_back_exactly_what_was_paid(amount: int, steps: list[int]) -> None:
    before, given_back = 0, 0
    for step in steps:
        taken = cumulative_portion(amount, before, step, sum(steps))
        assert taken * amount >= 0
        before, given_back = before + step, given_back + taken
    assert given_back == amount


@pytest.mark.parametrize(("before", "now"), [(-1, 1), (1, -1), (2, 2)])
def test_more_than_the_whole_is_never_taken(before: int, now: int) -> None:
    with pytest.raises(ValueError):
        cumulative_portion(100, before, now, 3)


@given(FEN)
def test_a_printed_amount_is_read_back(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen
    assert parse_yuan(f"{'-' if fen < 0 else ''}￥{abs(fen) // 100:,}.{abs(fen) % 100:02d}元") == fen


def test_amounts_are_read_as_people_write_them() -> None:
    assert yuan(-1230) == "-12.30"
    assert (yuan(5), yuan(-5), yuan(0)) == ("0.05", "-0.05", "0.00")
    for text in ("12.3", "￥12.30", "¥12.3", "１２．３０", " 12.30元 ", "+12.30"):
        assert parse_yuan(text) == 1230
    assert parse_yuan("12") == 1200
    assert parse_yuan("1,234.5") == 123450


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1.234",
        "NaN",
        "inf",
        "1e3",
        "12.",
        ".5",
        "1,23",
        "十二",
        "12²",
        "①",
        "--1",
        "1 2",
        "0x1",
        "٣",
        "9" * 15,
    ],
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        parse_yuan(text)


@given(st.text(max_size=30))
def test_reading_an_amount_fails_in_one_way_only(text: str) -> None:
    try:
        assert abs(parse_yuan(text)) <= MAX_FEN
    except ValueError as refused:
        assert type(refused) is ValueError
