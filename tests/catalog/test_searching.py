"""Goods are found as people type them: Chinese, pinyin, initials, the beginning of either, or a barcode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.platform import words
from tests.catalog.cards import category, ean, found, product
from tests.people_cast import Cast, done


@pytest.mark.rule("GDS-4")
async def test_goods_are_found_by_every_way_of_typing_and_the_likeliest_comes_first(cast: Cast) -> None:
    buyer = await cast.buyer()
    of, barcode = await category(buyer), ean()
    names = ["苹果", "红富士苹果", "苹果醋饮料", "长粒香大米", "iPhone 手机壳", "重庆小面"]
    for name in names:
        other = {"skus": [{"spec": "1", "gross_g": 1, "barcode": barcode}]} if name == "重庆小面" else {}
        other |= {"other_names": "方便面 渝味"} if name == "重庆小面" else {}
        done(await product(buyer, of, name=name, **other))

    async def search(text: str) -> list[str]:
        return await found(buyer, text, category_id=of)

    assert await search("苹果") == ["苹果", "苹果醋饮料", "红富士苹果"]
    assert await search("pingguo") == ["苹果", "苹果醋饮料", "红富士苹果"]
    assert await search("PingG") == ["苹果", "苹果醋饮料", "红富士苹果"]
    assert (await search("pg"))[0] == "苹果"
    assert await search("ＨＦＳ") == ["红富士苹果"]
    assert await search("红 果") == ["红富士苹果"]
    assert await search("苹果红富士") == ["红富士苹果"]
    assert await search("changli") == ["长粒香大米"]
    assert await search("zhangli") == []
    assert await search("米") == ["长粒香大米"]
    assert await search("iph") == ["iPhone 手机壳"]
    assert await search("iphone shouji") == ["iPhone 手机壳"]
    assert await search("chongqing") == ["重庆小面"]
    assert await search("渝味") == ["重庆小面"]
    assert await search(barcode) == ["重庆小面"]
    assert await search("榴莲") == []
    assert await search("！？") == []


@pytest.mark.rule("GDS-4")
async def test_a_long_list_of_finds_is_read_page_by_page_without_gap_or_repetition(cast: Cast) -> None:
    buyer = await cast.buyer()
    of = await category(buyer)
    for number in range(7):
        done(await product(buyer, of, name="脆柿" + "子" * number))
    whole = await found(buyer, "脆柿", category_id=of)
    assert len(set(whole)) == 7
    pages: list[str] = []
    after = "0"
    for _ in range(4):
        page = done(
            await buyer.get(
                "/console/products", params={"search": "脆柿", "category_id": of, "limit": 2, "after": after}
            )
        )
        pages += [each["name"] for each in page["items"]]
        after = page["next"] or after
    assert pages == whole


async def test_a_product_that_is_renamed_is_found_by_its_new_name_only(cast: Cast) -> None:
    buyer = await cast.buyer()
    of = await category(buyer)
    made = done(await product(buyer, of, name="沙田柚"))
    done(await buyer.put(f"/console/products/{made['id']}", {"category_id": of, "name": "琯溪蜜柚"}))
    assert await found(buyer, "shatianyou", category_id=of) == []
    assert await found(buyer, "miyou", category_id=of) == ["琯溪蜜柚"]


@given(st.text(alphabet="苹果红富士长粒香米面包包子鸡蛋5ab ", min_size=1, max_size=12), st.data())
def test_every_beginning_of_a_names_pinyin_is_looked_for_among_its_tokens(name: str, data: st.DataObject) -> None:
    made = words.searchable(name)
    tokens = [each.rpartition(":")[0] for each in made.tokens.split()]
    assert len(tokens) == len(set(tokens))
    for part in filter(None, words.question(name).split(" & ")):
        ways = [way.strip("() ") for way in part.split("|")]
        assert any(
            any(token.startswith(way[:-2]) for token in tokens) if way.endswith(":*") else way in tokens for way in ways
        )


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_out_of_the_question(text: str) -> None:
    asked = words.question(text)
    assert not set(asked) & set("'\"\\!<>;")
    assert asked.count("(") == asked.count(")")
