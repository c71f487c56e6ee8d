"""Properties of the pure rules: buying, and setting stock aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.supply.purchase.rules import plan
from linli.supply.stock.model import MovementKind, StockMove
from linli.supply.stock.rules import grown, taken

counts = st.integers(0, 5_000)


@pytest.mark.rule("BUY-1")
@given(counts, counts, st.integers(1, 60), st.integers(0, 20))
def test_what_is_ordered_is_demand_less_stock_plus_rounding(demand: int, free: int, pack: int, minimum: int) -> None:
    need = plan(demand, free, pack, minimum)
    assert need.ordered == demand - need.stock_used + need.rounding
    assert need.stock_used == min(demand, free)
    assert need.ordered % pack == 0
    assert need.rounding >= 0
    if need.need:
        assert need.packs >= minimum
        assert need.rounding < pack or need.packs == minimum
    else:
        assert need.ordered == 0


@pytest.mark.rule("BUY-1")
def test_impossible_terms_are_a_bug_and_not_an_order() -> None:
    for wrong in ((-1, 0, 1, 1), (1, -1, 1, 1), (1, 0, 0, 1), (1, 0, 1, -1)):
        with pytest.raises(ValueError, match="cannot plan"):
            plan(*wrong)


@pytest.mark.rule("STK-1")
@given(st.dictionaries(st.integers(1, 9), st.integers(0, 50)), st.dictionaries(st.integers(1, 9), st.integers(0, 50)))
def test_no_more_is_set_aside_than_is_wanted_and_there(wanted: dict[int, int], free: dict[int, int]) -> None:
    given_out = taken(wanted, free)
    assert all(0 < count <= min(wanted[sku], free[sku]) for sku, count in given_out.items())
    moves = [StockMove(MovementKind.RESERVE, sku, -count, "t", 1) for sku, count in given_out.items()]
    assert grown(moves) == {sku: -count for sku, count in given_out.items()}
