"""Photos: re-encoded, private, and whatever else is sent is refused."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from linli.aftersale.photo import commands
from tests.aftersale.counter import Counter, picture
from tests.ordering.village import problem
from tests.people_cast import done


async def test_a_photo_loses_its_metadata_and_only_its_owner_and_the_desk_see_it(counter: Counter) -> None:
    lady, name = counter.village.lady, await counter.photo()
    shown = await lady.get(f"/app/photos/{name}")
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["cache-control"].startswith("private")
    with Image.open(BytesIO(shown.content)) as seen:
        assert (seen.format, seen.size, dict(seen.getexif())) == ("WEBP", (40, 30), {})
    assert (await counter.desk.get(f"/console/photos/{name}")).content == shown.content
    problem(await counter.village.uncle.get(f"/app/photos/{name}"), 404, "no_such_photo")
    problem(await lady.get(f"/app/photos/{'0' * 32}.webp"), 404, "no_such_photo")
    for odd in ("x", "..%2F..%2Fsecret.key", f"{name}.exe", name.upper()):
        assert (await lady.get(f"/app/photos/{odd}")).status_code in (404, 422)
    raw = await lady.post("/app/photos", content=picture(), headers={"Content-Type": "image/jpeg"})
    assert done(raw)["name"] != name


async def test_the_same_upload_sent_twice_is_one_photo(counter: Counter) -> None:
    lady, before = counter.village.lady, await counter.written()
    headers = {"Content-Type": "image/jpeg"}
    names = [
        done(await lady.post("/app/photos", content=picture(), headers=headers, key="the-same-photo"))["name"]
        for _ in range(2)
    ]
    assert names[0] == names[1]
    assert (await counter.written())[2] == before[2] + 1


async def test_what_is_no_photo_is_refused_and_nothing_is_listed(counter: Counter) -> None:
    lady, before = counter.village.lady, await counter.written()
    for raw in (b"", b"GIF89a", b"<svg onload=alert(1)>", picture()[:200], b"\x89PNG\r\n\x1a\n" + b"\x00" * 50):
        answer = await lady.post("/app/photos", files={"photo": ("x.jpg", raw, "image/jpeg")})
        problem(answer, 422, "picture_unusable")
    problem(await lady.post("/app/photos", data={"photo": "words"}), 422, "picture_unusable")
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    no_file = b'--b\r\nContent-Disposition: form-data; name="photo"\r\n\r\nwords\r\n--b--\r\n'
    problem(await lady.post("/app/photos", content=no_file, headers=form), 422, "photo_missing")
    for raw in (b"", b"--b", b"--b\r\n\r\n", b"\xff" * 100, no_file * 30):
        answer = await lady.post("/app/photos", content=raw, headers=form)
        assert 400 <= answer.status_code < 500, (raw[:20], answer.text)
    two = [("a", ("a.jpg", picture(), "image/jpeg")), ("b", ("b.jpg", picture(), "image/jpeg"))]
    assert (await lady.post("/app/photos", files=two)).status_code == 400
    without = await lady.post("/app/photos", content=picture(), headers={"Content-Type": "multipart/form-data"})
    assert without.status_code == 400
    huge = await lady.post("/app/photos", content=b"\x00" * (11 * 1024 * 1024))
    assert huge.status_code in (413, 422)
    assert await counter.written() == before


async def test_nobody_fills_the_disk(counter: Counter) -> None:
    lady = counter.village.lady

    async def add(tx: object) -> None:
        for number in range(commands.MOST_A_DAY):
            await commands.add_photo(tx, member_id=lady.id, name=f"{number:032x}.webp")  # type: ignore[arg-type]

    await counter.village.do(add)
    before = await counter.written()
    answer = await lady.post("/app/photos", content=picture())
    problem(answer, 429, "too_many_photos")
    assert await counter.written() == before
    await counter.photo(counter.village.uncle)
