"""Pictures and short films: re-encoded or checked, shown under random names, and downloaded by leaders."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linli.catalog.asset import rules
from tests.catalog.cards import category, film, product
from tests.people_cast import Cast, done


def photo(sides: tuple[int, int] = (1_200, 900), turned: int = 1) -> bytes:
    """Return a photo as a phone makes it, with the camera's turn in the metadata."""
    out, exif = BytesIO(), Image.Exif()
    exif[0x0112] = turned
    Image.new("RGB", sides, (200, 120, 20)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.rule("GDS-2")
async def test_a_leader_pastes_the_words_and_downloads_pictures_and_films(cast: Cast) -> None:
    buyer, leader = await cast.buyer(), await cast.leader()
    picture = done(await buyer.post("/console/pictures", content=photo(turned=6)))
    video = done(await buyer.post("/console/videos", content=film(15_000)))
    assert (picture["width"], picture["height"]) == (900, 1_200)
    assert (video["content_type"], video["milliseconds"]) == ("video/mp4", 15_000)
    of = await category(buyer)
    made = done(
        await product(
            buyer,
            of,
            pictures=[picture["name"]],
            videos=[video["name"]],
            share_copy="皮薄多汁",
            quality_standard="一级",
        )
    )  # fmt: skip
    licence = {"kind": "检测报告", "number": "J-1", "valid_until": "2027-01-01", "picture": picture["name"]}
    done(await buyer.post(f"/console/products/{made['id']}/licences", licence))
    shared = done(await leader.get(f"/leader/products/{made['id']}/assets"))
    assert (shared["share_copy"], shared["quality_standard"]) == ("皮薄多汁", "一级")
    assert [each["number"] for each in shared["licences"]] == ["J-1"]
    [shown], [played] = shared["pictures"], shared["videos"]
    for name, longest in ((shown["name"], 1_200), (shown["medium"], 600), (shown["small"], 200)):
        answer = await cast.client.get(f"/app/pictures/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        with Image.open(BytesIO(answer.content)) as opened:
            assert (opened.format, max(opened.size)) == ("WEBP", longest)
    whole = await cast.client.get(f"/app/videos/{played['name']}")
    assert (whole.headers["content-type"], whole.content) == ("video/mp4", film(15_000))
    part = await cast.client.get(f"/app/videos/{played['name']}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, film(15_000)[10:20])
    for name in (shown["name"], played["name"]):
        answer = await leader.get(f"/leader/assets/{name}")
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
    member = await cast.member()
    assert (await member.get(f"/leader/assets/{shown['name']}")).status_code in (401, 403)
    assert (await leader.get(f"/leader/assets/{'0' * 32}.mp4")).status_code == 404


@pytest.mark.rule("GDS-2")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"MZ" + bytes(400),
        film(brand=b"evil"),
        film()[:200],
        film(180_001),
        film(frames=10 * 1024 * 1024 + 1),
        b"\x1a\x45\xdf\xa3" + bytes(60),
        photo((40, 30)),
    ],
    ids=["nothing", "a page", "a program", "unknown kind", "cut off", "too long", "too large", "half webm", "photo"],
)
async def test_what_is_no_film_is_refused_and_a_product_cannot_show_it(cast: Cast, raw: bytes) -> None:
    buyer = await cast.buyer()
    refused = await buyer.post("/console/videos", content=raw)
    assert (refused.status_code, refused.json()["code"]) == (422, "video_unusable")
    unknown = await product(buyer, await category(buyer), videos=["0" * 32 + ".mp4"])
    assert (unknown.status_code, unknown.json()["code"]) == (422, "video_unknown")


@given(st.binary(max_size=300), st.integers(0, 700), st.integers(0, 255))
def test_no_bytes_whatever_break_the_reader_of_films(raw: bytes, at: int, sign: int) -> None:
    rules.container_of(raw)
    changed = bytearray(film(frames=256))
    changed[at % len(changed)] = sign
    rules.container_of(bytes(changed))
    assert rules.container_of(film(frames=256)[: at % len(film(frames=256))]) is None


@given(st.integers(0, 50), st.integers(0, 60), st.integers(1, 40))
def test_a_player_gets_the_part_it_asks_for_or_the_whole(first: int, last: int, length: int) -> None:
    raw = bytes(range(length))
    part = rules.part_of(f"bytes={first}-{last}", length)
    if part is None:
        assert first >= length or first > last
    else:
        assert raw[part[0] : part[1] + 1] == raw[first : last + 1]
    assert rules.part_of("bytes=-", length) is None
    assert rules.part_of(f"bytes=-{last or 1}", length) == (max(0, length - (last or 1)), length - 1)


@pytest.mark.rule("GDS-2")
async def test_weighed_goods_carry_an_estimate_and_a_plausible_band(cast: Cast) -> None:
    buyer = await cast.buyer()
    of = await category(buyer)
    size = {"spec": "约500克", "gross_g": 520, "net_g": 500, "weighed": True, "spec_values": {"重量": "约500克"}}
    made = done(await product(buyer, of, skus=[size]))["skus"][0]
    assert (made["estimate_g"], made["least_g"], made["most_g"]) == (500, 400, 600)
    assert made["spec_values"] == {"重量": "约500克"}
    for wrong in ({"least_g": 501}, {"most_g": 499}, {"estimate_g": 100, "least_g": 200, "most_g": 300}):
        refused = await product(buyer, of, skus=[{**size, **wrong}])
        assert (refused.status_code, refused.json()["reason"]) == (422, "band_without_estimate")
    plain = done(await product(buyer, of, skus=[{**size, "weighed": False, "estimate_g": 5}]))["skus"][0]
    assert (plain["estimate_g"], plain["least_g"], plain["most_g"]) == (0, 0, 0)
