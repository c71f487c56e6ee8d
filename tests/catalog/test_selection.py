"""Candidates are scored against prices seen elsewhere, and a struck price needs one that was written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import catalog
from linli.catalog.selection import rules
from linli.catalog.selection.model import Candidate, Measure
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.catalog.cards import category, fresh, product
from tests.people_cast import Cast, done

MEASURE = Measure()
candidates = st.builds(
    Candidate,
    price_fen=st.integers(1, 10_000),
    references=st.lists(st.tuples(st.just("某店"), st.integers(0, 10_000)), max_size=4).map(tuple),
    quality_mark=st.integers(0, 100),
    complaints_bp=st.integers(0, 10_000),
    suppliers=st.integers(0, 4),
    capacity_per_day=st.none() | st.integers(0, 500),
    wanted_per_day=st.integers(0, 500),
    gross_g=st.integers(1, 40_000),
    volume_ml=st.integers(0, 160_000),
    traits=st.lists(st.sampled_from(["bulky", "fragile", "needs_installation"]), max_size=3).map(tuple),
)


def candidate(**other: Any) -> Candidate:
    """Return a good candidate, 15 % below what others ask."""
    fields: dict[str, Any] = {
        "price_fen": 850, "references": (("永辉", 1_000),), "quality_mark": 90, "complaints_bp": 100, "suppliers": 2,
        "capacity_per_day": None, "wanted_per_day": 100, "gross_g": 1_000, "volume_ml": 2_000,
    }  # fmt: skip
    return Candidate(**{**fields, **other})


@given(candidates, st.integers(1, 500))
def test_a_dearer_price_never_scores_better_and_marks_stay_between_none_and_full(who: Candidate, more: int) -> None:
    cheap = rules.score(who, MEASURE)
    dear = rules.score(Candidate(**{**vars(who), "price_fen": who.price_fen + more}), MEASURE)
    for mark in (cheap.total, cheap.price, cheap.quality, cheap.supply):
        assert 0 <= mark <= 100
    assert dear.total <= cheap.total
    if cheap.excluded:
        assert (cheap.total, cheap.verdict) == (0, "excluded")
    if cheap.verdict == "take":
        assert cheap.advantage_bp is not None
        assert cheap.advantage_bp >= 1_000


@pytest.mark.rule("GDS-3")
@pytest.mark.parametrize(
    ("other", "verdict", "price"),
    [
        ({}, "take", 85),
        ({"price_fen": 900}, "take", 70),
        ({"price_fen": 800}, "take", 100),
        ({"price_fen": 950}, "talk", 35),
        ({"price_fen": 1_000, "quality_mark": 60}, "leave", 0),
        ({"references": ()}, "talk", 0),
        ({"references": (("a", 900), ("b", 1_000), ("c", 5_000))}, "take", 85),
        ({"traits": ("fragile",)}, "excluded", 85),
        ({"gross_g": 20_001}, "excluded", 85),
        ({"volume_ml": 80_001}, "excluded", 85),
        ({"suppliers": 0, "quality_mark": 70}, "talk", 85),
    ],
)
def test_an_advantage_of_ten_to_twenty_percent_is_wanted(other: dict[str, Any], verdict: str, price: int) -> None:
    found = rules.score(candidate(**other), MEASURE)
    assert (found.verdict, found.price) == (verdict, price)


def test_what_is_too_cheap_or_cannot_be_had_is_looked_at_by_a_person() -> None:
    found = rules.score(candidate(price_fen=500, capacity_per_day=50), MEASURE)
    assert found.doubts == ("cheaper_than_believable", "capacity_below_wanted")
    assert rules.score(candidate(references=()), MEASURE).doubts == ("no_reference_price",)


@pytest.mark.rule("GDS-3")
async def test_a_score_is_worked_out_from_what_is_written_down_and_kept(cast: Cast, clock: SteeredClock) -> None:
    buyer = await cast.buyer()
    sku_id = done(await product(buyer, await category(buyer)))["skus"][0]["id"]
    for source, price_fen in (("永辉", 1_100), ("永辉", 1_000), ("盒马", 1_200)):
        body = {"sku_id": sku_id, "price_fen": price_fen, "source": source, "evidence": "https://example.cn/1"}
        done(await buyer.post("/console/reference-prices", body))
        clock.set(clock.now() + timedelta(minutes=1))
    supplier = done(await buyer.post("/console/suppliers", {"name": fresh("果园")}))["id"]
    done(await buyer.post("/console/supplies", {"supplier_id": supplier, "sku_id": sku_id, "price_fen": 500}))
    wanted = {"sku_id": sku_id, "price_fen": 850, "quality_mark": 90, "wanted_per_day": 100}
    given = done(await buyer.post("/console/selections", wanted))
    assert given["score"] == {
        "total": 83, "price": 85, "quality": 90, "supply": 70, "reference_fen": 1_000, "advantage_bp": 1_500,
        "excluded": [], "doubts": [], "verdict": "take",
    }  # fmt: skip
    assert done(await buyer.get("/console/selections", params={"sku_id": sku_id}))["items"] == [given]
    excluded = done(await buyer.post("/console/selections", {**wanted, "traits": ["needs_installation"]}))
    assert (excluded["score"]["verdict"], excluded["score"]["total"]) == ("excluded", 0)


@pytest.mark.rule("GDS-3")
async def test_a_struck_price_is_proven_only_by_a_price_that_was_seen_lately(
    cast: Cast, installation: Installation, clock: SteeredClock
) -> None:
    buyer = await cast.buyer()
    sku_id = int(done(await product(buyer, await category(buyer)))["skus"][0]["id"])

    async def proven(struck_fen: int) -> bool:
        async with installation.db.transaction(0, by="test") as tx:
            return await catalog.struck_price_proof(tx, sku_id, struck_fen, tx.now) is not None

    body = {"sku_id": str(sku_id), "price_fen": 690, "source": "永辉超市", "evidence": "小票照片"}
    assert not await proven(690)
    future = {**body, "seen_at": (clock.now() + timedelta(seconds=1)).isoformat()}
    refused = await buyer.post("/console/reference-prices", future)
    assert (refused.status_code, refused.json()["code"]) == (422, "seen_in_future")
    for missing in ("source", "evidence"):
        assert (await buyer.post("/console/reference-prices", {**body, missing: " "})).status_code == 422
    assert not await proven(690)
    done(await buyer.post("/console/reference-prices", body))
    assert await proven(690)
    assert await proven(650)
    assert not await proven(691)
    clock.set(clock.now() + timedelta(days=30))
    assert not await proven(690)


@pytest.mark.rule("GDS-3")
async def test_a_reference_price_that_was_written_down_is_never_changed(cast: Cast, installation: Installation) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    buyer = await cast.buyer()
    sku_id = done(await product(buyer, await category(buyer)))["skus"][0]["id"]
    body = {"sku_id": sku_id, "price_fen": 690, "source": "永辉超市", "evidence": "小票照片"}
    done(await buyer.post("/console/reference-prices", body))
    for change in ("UPDATE catalog.reference_prices SET price_fen = 1", "DELETE FROM catalog.reference_prices"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with installation.db.transaction(0, by="test") as tx:
                await tx.execute(text(change))
