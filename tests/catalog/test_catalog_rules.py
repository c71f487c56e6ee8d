"""The pure rules of the catalogue: required fields, barcodes, and who supplies a sku."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.catalog.product import rules as product_rules
from linli.catalog.product.model import NewSkuValue
from linli.catalog.supplier import rules as supplier_rules
from linli.catalog.supplier.model import SupplyValue

SOME_DAY = datetime(2026, 11, 1, tzinfo=UTC)
supplies = st.lists(
    st.builds(
        SupplyValue,
        supplier_id=st.integers(1, 5),
        supplier_name=st.just("果园"),
        sku_id=st.integers(1, 3),
        price_fen=st.integers(0, 5),
        pack_size=st.just(1),
        minimum_packs=st.just(1),
        capacity_per_day=st.none(),
        valid_from=st.just(SOME_DAY),
        available=st.booleans(),
    )
)


@given(supplies)
def test_the_cheapest_available_supply_is_chosen_whatever_the_order(found: list[SupplyValue]) -> None:
    best = supplier_rules.best(found)
    assert best == supplier_rules.best(found[::-1]) or len({(s.supplier_id, s.sku_id) for s in found}) < len(found)
    for sku_id in {each.sku_id for each in found}:
        available = [each for each in found if each.sku_id == sku_id and each.available]
        if not available:
            assert sku_id not in best
            continue
        chosen = best[sku_id]
        assert chosen.available
        assert (chosen.price_fen, chosen.supplier_id) == min((s.price_fen, s.supplier_id) for s in available)


@given(st.integers(0, 10**12 - 1))
def test_a_barcode_with_one_wrong_digit_is_noticed(number: int) -> None:
    body = f"{number:012d}"
    right = [body + str(check) for check in range(10) if product_rules.barcode_holds(body + str(check))]
    assert len(right) == 1
    for at in range(13):
        other = str((int(right[0][at]) + 1) % 10)
        assert not product_rules.barcode_holds(right[0][:at] + other + right[0][at + 1 :])


@pytest.mark.parametrize(
    ("barcode", "holds"),
    [
        ("6901028075862", True),
        ("96385074", True),
        ("6901028075863", False),
        ("", False),
        ("６９０１０２８０７５８６２", False),
    ],
)
def test_barcodes_as_they_stand_on_shelves(barcode: str, holds: bool) -> None:
    assert product_rules.barcode_holds(barcode) is holds


@pytest.mark.rule("GDS-1")
def test_the_category_says_what_must_be_written_on_food() -> None:
    required = ["origin", "shelf_life_days", "net_g"]
    sizes = [NewSkuValue("1kg", "袋", gross_g=1_020, net_g=1_000), NewSkuValue("散装", "份", gross_g=500)]
    written = {"origin": "", "grade": "一级", "shelf_life_days": 7}
    assert product_rules.missing_fields(required, written, sizes) == ["origin", "net_g"]
    assert product_rules.missing_fields(required, {**written, "origin": "赣州"}, sizes[:1]) == []
