"""An id tells its region and day to whoever has nothing but the id."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.ids import (
    FIRST_DAY,
    LAST_DAY,
    MAX_ID,
    MAX_REGION,
    MAX_SEQUENCE,
    BadId,
    day_of,
    make_id,
    parse_id,
    region_of,
    sequence_of,
)

PLACES = st.tuples(st.integers(0, MAX_REGION), st.dates(FIRST_DAY, LAST_DAY), st.integers(0, MAX_SEQUENCE))


@given(PLACES)
def test_an_id_finds_its_region_day_and_number(place: tuple[int, date, int]) -> None:
    made = make_id(*place)
    assert (region_of(made), day_of(made), sequence_of(made)) == place
    assert parse_id(str(made)) == made


@given(PLACES, PLACES)
def test_ids_sort_by_region_then_day_then_number(one: tuple[int, date, int], other: tuple[int, date, int]) -> None:
    assert (make_id(*one) < make_id(*other)) == (one < other)


def test_the_largest_id_still_fits_a_signed_bigint() -> None:
    assert make_id(MAX_REGION, LAST_DAY, MAX_SEQUENCE) == MAX_ID == 2**63 - 1
    assert make_id(0, FIRST_DAY, 0) == 0


@pytest.mark.parametrize(
    ("region", "day", "sequence"),
    [
        (-1, FIRST_DAY, 0),
        (MAX_REGION + 1, FIRST_DAY, 0),
        (1, FIRST_DAY - timedelta(days=1), 0),
        (1, LAST_DAY + timedelta(days=1), 0),
        (1, FIRST_DAY, -1),
        (1, FIRST_DAY, MAX_SEQUENCE + 1),
    ],
)
def test_what_does_not_fit_is_never_folded_into_another_region(region: int, day: date, sequence: int) -> None:
    with pytest.raises(ValueError):
        make_id(region, day, sequence)


@pytest.mark.parametrize("number", [-1, MAX_ID + 1])
def test_a_number_beyond_63_bits_has_no_place(number: int) -> None:
    for ask in (region_of, day_of, sequence_of):
        with pytest.raises(ValueError):
            ask(number)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1\n", "007", "1.0", "1e3", "１", "٣", "abc", str(2**63), "9" * 5000]
)
def test_junk_is_refused_as_bad_id(text: str) -> None:
    with pytest.raises(BadId) as refused:
        parse_id(text)
    assert (refused.value.code, refused.value.status) == ("bad_id", 422)


@given(st.text(max_size=25))
def test_one_id_has_one_spelling(text: str) -> None:
    with suppress(BadId):
        assert str(parse_id(text)) == text
