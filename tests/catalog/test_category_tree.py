"""The tree of categories: moved without rings, not too deep, with commissions that are usual for the goods."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import catalog
from linli.catalog.category import commands, rules, store
from linli.catalog.category.model import Band
from linli.platform.database import Tx
from linli.platform.installation import Installation
from tests.catalog.cards import category, fresh, product
from tests.people_cast import Cast, Person, done

trees = st.dictionaries(st.integers(1, 8), st.none() | st.integers(1, 8), max_size=8)


@given(trees, st.integers(1, 8), st.none() | st.integers(1, 8), st.integers(1, 5))
def test_a_move_that_is_allowed_never_closes_a_ring_or_goes_too_deep(
    drawn: dict[int, int | None], moved: int, under: int | None, levels: int
) -> None:
    # A tree is what hangs below smaller numbers; everything else drawn stands at the top.
    tree = {id: parent if parent in drawn and (parent or 0) < id else None for id, parent in drawn.items()}
    if moved not in tree or (under is not None and under not in tree):
        return
    trouble = rules.move_trouble(tree, moved, under, levels)
    after = {**tree, moved: under}
    ringed = under is not None and moved in rules.line_of(tree, under)
    assert (trouble == "ring") == ringed
    if not ringed:
        below = [id for id in after if moved in rules.line_of(after, id)]
        deepest = max(len(rules.line_of(after, id)) for id in below)
        assert (trouble == "too_deep") == (deepest > levels)


@given(st.none() | st.integers(0, 5_000), st.integers(0, 2_000), st.integers(0, 2_000))
def test_a_default_commission_lies_in_its_band_or_is_refused(given_bp: int | None, low: int, more: int) -> None:
    band = Band(low, low + more)
    found = rules.commission_of(given_bp, band)
    if given_bp is None:
        assert found is not None
        assert low <= found <= low + more
    else:
        assert found == (given_bp if low <= given_bp <= low + more else None)
    assert rules.commission_of(given_bp, None) == given_bp


async def add(buyer: Person, **body: Any) -> Any:
    return await buyer.post("/console/categories", {"name": fresh("类"), **body})


@pytest.mark.rule("GDS-1")
async def test_fresh_and_daily_goods_get_the_usual_commission_and_no_other(cast: Cast) -> None:
    buyer = await cast.buyer()
    assert done(await add(buyer, nature="fresh"))["commission_bp"] == 1_000
    assert done(await add(buyer, nature="daily"))["commission_bp"] == 650
    assert done(await add(buyer, nature="daily", commission_bp=500))["commission_bp"] == 500
    for nature, wrong in (("fresh", 799), ("fresh", 1_201), ("daily", 499), ("daily", 801)):
        name = fresh("佣金")
        refused = await add(buyer, name=name, nature=nature, commission_bp=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "commission_out_of_band")
        assert done(await add(buyer, name=name, commission_bp=wrong))["nature"] == "other"  # the name was free
    assert (await add(buyer)).json()["code"] == "commission_out_of_band"


@pytest.mark.rule("GDS-1")
async def test_a_category_moves_with_everything_below_it_but_not_below_itself_or_too_deep(cast: Cast) -> None:
    buyer = await cast.buyer()
    top, other = await category(buyer), await category(buyer)
    middle = await category(buyer, parent_id=top)
    leaf = await category(buyer, parent_id=middle)

    async def move(which: str, under: str | None) -> Any:
        return await buyer.put(f"/console/categories/{which}/place", {"parent_id": under})

    for under in (leaf, top):
        refused = await move(top, under)
        assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (
            409, "category_misplaced", "ring",
        )  # fmt: skip
    assert done(await move(middle, other))["parent_id"] == other
    assert done(await move(top, leaf))["parent_id"] == leaf
    deep = await add(buyer, parent_id=top, commission_bp=0)
    assert (deep.status_code, deep.json()["reason"]) == (409, "too_deep")
    two = await category(buyer)
    await category(buyer, parent_id=two)
    too_deep = await move(two, leaf)
    assert (too_deep.status_code, too_deep.json()["reason"]) == (409, "too_deep")
    assert done(await move(middle, None))["parent_id"] is None


@pytest.mark.rule("GDS-1")
async def test_two_buyers_who_hang_two_categories_below_each_other_do_not_close_a_ring(
    cast: Cast, installation: Installation
) -> None:
    buyer = await cast.buyer()
    one, two = int(await category(buyer)), int(await category(buyer))
    both_read = asyncio.Barrier(2)

    async def move(which: int, under: int) -> str:
        async def work(tx: Tx) -> None:
            await commands.move_category(tx, category_id=which, parent_id=under)
            async with asyncio.timeout(0.5):  # the other one waits for the lock of the tree, and does not come
                await both_read.wait()

        try:
            await installation.db.run(work, 0, by="test")
        except commands.CategoryMisplaced:
            return "ring"
        except TimeoutError:
            return "rolled back"
        return "moved"

    async def patient(which: int, under: int) -> str:
        async def work(tx: Tx) -> None:
            await store.lock_tree(tx)
            await asyncio.sleep(0.1)
            await commands.move_category(tx, category_id=which, parent_id=under)

        try:
            await installation.db.run(work, 0, by="test")
        except commands.CategoryMisplaced:
            return "ring"
        return "moved"

    assert sorted(await asyncio.gather(move(one, two), move(two, one))) != ["moved", "moved"]
    assert sorted(await asyncio.gather(patient(one, two), patient(two, one))) == ["moved", "ring"]


@pytest.mark.rule("GDS-1")
async def test_what_a_category_requires_later_holds_back_the_next_offer_of_what_it_has(
    cast: Cast, installation: Installation
) -> None:
    buyer = await cast.buyer()
    of = await category(buyer)
    made = done(await product(buyer, of))
    sku_id = int(made["skus"][0]["id"])

    async def lacking() -> list[str]:
        async with installation.db.transaction(0, by="test") as tx:
            return await catalog.reasons_not_to_sell(tx, sku_id, on=tx.now.date())

    assert await lacking() == []
    terms = {"name": fresh("食品"), "commission_bp": 1_000, "required_fields": ["origin", "net_g", "licence"]}
    done(await buyer.put(f"/console/categories/{of}", terms))
    assert await lacking() == ["origin", "net_g", "licence"]
    fields = {"category_id": of, "name": made["name"], "origin": "赣州"}
    done(await buyer.put(f"/console/products/{made['id']}", fields))
    done(await buyer.put(f"/console/skus/{sku_id}", {"spec": "5斤", "gross_g": 2_600, "net_g": 2_500}))
    path = f"/console/products/{made['id']}/licences"
    old = {"kind": "承诺达标合格证", "number": fresh("H"), "valid_until": "2026-11-22"}
    done(await buyer.post(path, old))
    assert await lacking() == ["licence"]
    now = done(await buyer.post(path, {**old, "number": fresh("H"), "valid_until": "2026-11-23"}))
    assert await lacking() == []
    assert done(await buyer.post(f"{path}/{now['id']}/withdrawal"))["withdrawn"] is True
    assert await lacking() == ["licence"]
    stranger = done(await product(buyer, of, origin="x", skus=[{"spec": "1", "gross_g": 9, "net_g": 9}]))
    foreign = await buyer.post(f"/console/products/{stranger['id']}/licences/{now['id']}/withdrawal")
    assert foreign.status_code == 404
