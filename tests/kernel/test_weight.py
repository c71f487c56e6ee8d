"""Weights are whole grams, read and printed exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.weight import grams, jin, kilos


@given(st.integers(0, 10**8))
def test_a_printed_weight_is_read_back(weight: int) -> None:
    assert grams(jin(weight)) == grams(kilos(weight)) == grams(f"{weight}克") == weight


def test_weights_are_read_as_the_market_writes_them() -> None:
    assert [grams(text) for text in ("500g", "1.5 KG", "２．５斤", "3两", "2公斤", "0.5千克", "1市斤")] == [
        500, 1500, 1250, 150, 2000, 500, 500,
    ]  # fmt: skip
    assert (jin(500), jin(750), jin(0), jin(-250), kilos(750), kilos(10_000)) == (
        "1斤", "1.5斤", "0斤", "-0.5斤", "0.75kg", "10kg",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "5", "斤", "5个", "0.5g", "1.0001kg", "-5g", "5斤斤", "1.g", "NaNkg", "2²g"])
def test_a_weight_without_a_unit_or_finer_than_a_gram_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        grams(text)
