"""A buyer keeps the catalogue: categories, products with sizes and pictures, suppliers and their terms."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from linli import catalog
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.catalog.cards import category, ean, fresh, product
from tests.people_cast import Cast, Person, done


async def count(buyer: Person, search: str) -> int:
    """Return how many products a search finds."""
    return len(done(await buyer.get("/console/products", params={"search": search}))["items"])


@pytest.mark.rule("GDS-1")
async def test_a_buyer_builds_a_tree_of_categories(cast: Cast) -> None:
    buyer = await cast.buyer()
    fruit = await category(buyer)
    orange = done(
        await buyer.post(
            "/console/categories",
            {"name": "柑橘", "parent_id": fruit, "commission_bp": 1_200, "storage_class": "ambient"},
        )
    )
    assert (orange["parent_id"], orange["quality_window_hours"], orange["order_window_hours"]) == (fruit, 24, 12)
    again = {"name": "柑橘", "parent_id": fruit, "commission_bp": 800}
    refused = await buyer.post("/console/categories", again)
    assert (refused.status_code, refused.json()["code"]) == (409, "category_name_taken")
    orphan = await buyer.post("/console/categories", {**again, "parent_id": "12345"})
    assert (orphan.status_code, orphan.json()["code"]) == (404, "no_such_category")
    page = done(await buyer.get("/console/categories", params={"after": fruit, "limit": 1}))
    assert [each["id"] for each in page["items"]] == [orange["id"]]


@pytest.mark.rule("GDS-4")
async def test_a_product_is_found_by_name_pinyin_and_barcode_and_reaches_other_rooms(
    cast: Cast, installation: Installation
) -> None:
    buyer, barcode = await cast.buyer(), ean()
    of = await category(buyer)
    pinyin = fresh("gannanqicheng")
    sizes = [
        {"spec": "5斤", "gross_g": 2_600, "net_g": 2_500, "volume_ml": 4_000, "barcode": barcode},
        {"spec": "10斤", "gross_g": 5_200, "unit": "箱", "weighed": True},
    ]
    made = done(await product(buyer, of, skus=sizes, other_names=pinyin))
    for search in (made["name"], pinyin.upper(), barcode):
        assert await count(buyer, search) == 1
    assert await count(buyer, barcode[:-1]) == 0
    ids = [int(each["id"]) for each in made["skus"]]
    async with installation.db.transaction(0, by="test") as tx:
        found = await catalog.skus(tx, [*ids, 1])
        scanned = await catalog.sku_by_barcode(tx, barcode)
    assert list(found) == ids
    assert scanned == found[ids[0]]
    assert (found[ids[1]].weighed, found[ids[1]].unit, found[ids[1]].storage_class) == (True, "箱", "chilled")


@pytest.mark.rule("GDS-1")
async def test_food_without_origin_or_net_weight_is_not_listed(cast: Cast) -> None:
    buyer = await cast.buyer()
    of, name = await category(buyer, required_fields=["origin", "net_g"]), fresh("无名果")
    refused = await product(buyer, of, name=name)
    assert (refused.status_code, refused.json()["code"]) == (422, "required_fields_missing")
    assert refused.json()["fields"] == ["origin", "net_g"]
    assert await count(buyer, name) == 0


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"skus": []}, "invalid_request"),
        ({"skus": [{"spec": "5斤", "gross_g": 0}]}, "invalid_request"),
        ({"skus": [{"spec": "5斤", "gross_g": "12"}]}, "invalid_request"),
        ({"skus": [{"spec": "5斤", "gross_g": 1, "net_g": 2}]}, "sizes_contradict"),
        ({"skus": [{"spec": "5斤", "gross_g": 1}, {"spec": "5斤", "gross_g": 2}]}, "sizes_contradict"),
        ({"skus": [{"spec": "5斤", "gross_g": 1, "barcode": "6901028075863"}]}, "sizes_contradict"),
        ({"skus": [{"spec": "5斤", "gross_g": 1, "barcode": "abc"}]}, "invalid_request"),
        ({"name": "果\x00"}, "invalid_request"),
        ({"name": "   "}, "invalid_request"),
        ({"category_id": "99999999999999999999"}, "bad_id"),
        ({"category_id": "x"}, "bad_id"),
        ({"price_fen": 100}, "invalid_request"),
        ({"pictures": ["0" * 32 + ".webp"]}, "picture_unknown"),
        ({"pictures": ["../../secret.key"]}, "invalid_request"),
    ],
)
async def test_a_product_that_contradicts_itself_is_refused_whole(cast: Cast, wrong: dict[str, Any], code: str) -> None:
    buyer = await cast.buyer()
    of, name = await category(buyer), fresh("怪果")
    refused = await product(buyer, of, **{"name": name, **wrong})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await count(buyer, name) == 0


async def test_a_barcode_that_is_taken_refuses_the_whole_second_product(cast: Cast) -> None:
    buyer, barcode, name = await cast.buyer(), ean(), fresh("仿品")
    of = await category(buyer)
    sizes = [{"spec": "1袋", "gross_g": 100}, {"spec": "2袋", "gross_g": 200, "barcode": barcode}]
    done(await product(buyer, of, skus=sizes))
    refused = await product(buyer, of, name=name, skus=sizes)
    assert (refused.status_code, refused.json()["barcodes"]) == (409, [barcode])
    assert await count(buyer, name) == 0
    same = await product(buyer, of, name=done(await product(buyer, of))["name"])
    assert (same.status_code, same.json()["code"]) == (409, "product_name_taken")


async def test_a_double_click_makes_one_product(cast: Cast) -> None:
    buyer = await cast.buyer()
    of, name = await category(buyer), fresh("双击果")
    body = {"category_id": of, "name": name, "skus": [{"spec": "5斤", "gross_g": 2_600}]}
    first, second = [await buyer.post("/console/products", body, key=f"twice-{name[-8:]}") for _ in range(2)]
    assert done(first) == done(second)
    assert second.headers["idempotent-replay"] == "true"
    assert await count(buyer, name) == 1


async def test_the_cheapest_supplier_serves_until_withdrawn_or_inactive(
    cast: Cast, installation: Installation, clock: SteeredClock
) -> None:
    buyer = await cast.buyer()
    sku_id = done(await product(buyer, await category(buyer)))["skus"][0]["id"]
    names = [fresh("甲园"), fresh("乙园")]
    one, two = [done(await buyer.post("/console/suppliers", {"name": name}))["id"] for name in names]

    async def supply(supplier_id: str, price_fen: int, **other: Any) -> None:
        body = {"supplier_id": supplier_id, "sku_id": sku_id, "price_fen": price_fen, "pack_size": 6, **other}
        done(await buyer.post("/console/supplies", body))

    async def best() -> tuple[str, int] | None:
        async with installation.db.transaction(0, by="test") as tx:
            found = (await catalog.best_supply(tx, [int(sku_id)], tx.now)).get(int(sku_id))
        return (str(found.supplier_id), found.price_fen) if found else None

    assert await best() is None
    await supply(one, 300)
    await supply(two, 280, valid_from=(clock.now() + timedelta(minutes=5)).isoformat())
    assert await best() == (one, 300)
    clock.set(clock.now() + timedelta(minutes=5))
    assert await best() == (two, 280)
    done(await buyer.put(f"/console/suppliers/{two}/activity", {"active": False}))
    assert await best() == (one, 300)
    await supply(one, 300, available=False)
    assert await best() is None
    terms = done(await buyer.get("/console/supplies", params={"sku_id": sku_id}))
    assert [(each["supplier_id"], each["available"]) for each in terms] == [(one, False), (two, False)]


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"capacity_per_day": 5}, 422, "capacity_too_small"),
        ({"pack_size": 0}, 422, "invalid_request"),
        ({"price_fen": -1}, 422, "invalid_request"),
        ({"price_fen": 2.5}, 422, "invalid_request"),
        ({"valid_from": "2026-11-24T10:00:00"}, 422, "invalid_request"),
        ({"supplier_id": "77"}, 404, "no_such_supplier"),
        ({"sku_id": "77"}, 404, "no_such_sku"),
    ],
)
async def test_terms_that_make_no_sense_are_refused(cast: Cast, wrong: dict[str, Any], status: int, code: str) -> None:
    buyer = await cast.buyer()
    sku_id = done(await product(buyer, await category(buyer)))["skus"][0]["id"]
    supplier_id = done(await buyer.post("/console/suppliers", {"name": fresh("丙园")}))["id"]
    body = {"supplier_id": supplier_id, "sku_id": sku_id, "price_fen": 300, "pack_size": 6, **wrong}
    refused = await buyer.post("/console/supplies", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert done(await buyer.get("/console/supplies", params={"sku_id": sku_id})) == []


def photo() -> bytes:
    """Return a photo with a note of where it was taken."""
    out, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "拍摄于 东门"
    Image.new("RGB", (40, 30), (200, 120, 20)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.rule("GDS-2")
async def test_a_picture_is_re_encoded_shown_to_anybody_and_used_by_a_product(cast: Cast) -> None:
    buyer = await cast.buyer()
    name = done(await buyer.post("/console/pictures", content=photo()))["name"]
    shown = await cast.client.get(f"/app/pictures/{name}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    with Image.open(BytesIO(shown.content)) as picture:
        assert (picture.format, picture.size, dict(picture.getexif())) == ("WEBP", (40, 30), {})
    made = done(await product(buyer, await category(buyer), pictures=[name]))
    assert made["pictures"] == [name]
    unlisted = await cast.client.get(f"/app/pictures/{'0' * 32}.webp")
    assert (unlisted.status_code, unlisted.json()["code"]) == (404, "no_such_picture")


async def test_what_is_no_picture_is_refused(cast: Cast) -> None:
    buyer = await cast.buyer()
    for raw in (b"", b"<svg onload=alert(1)>", photo()[:200]):
        refused = await buyer.post("/console/pictures", content=raw)
        assert (refused.status_code, refused.json()["code"]) == (422, "picture_unusable")


async def test_only_those_who_keep_the_catalogue_may_write_it(cast: Cast) -> None:
    finance = await cast.finance()
    body = {"name": fresh("私自"), "commission_bp": 0}
    assert (await finance.post("/console/categories", body)).status_code == 403
    assert (await finance.post("/console/suppliers", {"name": body["name"]})).status_code == 403
    assert (await cast.client.post("/console/categories", json=body)).status_code == 401
    member = await cast.member()
    assert (await member.get("/console/products")).status_code == 403
