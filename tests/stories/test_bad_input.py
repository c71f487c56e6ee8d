"""Bad input over the whole API: refused with a stable code, and nothing at all is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from linli.kernel.ids import make_id
from tests.stories.conftest import Place
from tests.stories.test_any_input import ROLES, fault
from tests.stories.town import NOBODY, WEDNESDAY, picture, rows_of

Json = dict[str, Any]
HUGE = 2**63
TEXTS: tuple[Any, ...] = ("a\x00b", "\ud800", "x\udfff", 5, True, [], {}, "x" * 1_200_000)
NUMBERS: tuple[Any, ...] = ("abc", 1.5, HUGE, -HUGE - 1, 10**400, [], {}, "1\x00")
IDS: tuple[Any, ...] = ("-1", "abc", str(HUGE), "9" * 5_000, 1.5, True, -1, HUGE, [], {}, "1\x00", "\ud800", "٣", " 1")
TIMES = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-25T00:00:00", "2026-02-30T00:00:00Z", "1e9")
FLAGS: tuple[Any, ...] = ("perhaps", 2, [], {}, "\x00")
PATHS = ("-1", "abc", str(HUGE), "9" * 400, "%00", "1%00", "1.0", "0x1", "%E4%B8%80", "%FF", " 1", "1;DROP")
RAW = (
    b"", b"{", b"[]", b"null", b"7", b"\xff\xfe{", b'{"name": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000,
    b"9" * 5_000, b'{"a": ' + b"9" * 5_000 + b"}", b"NaN", b'{"a": 1e999}', b"\x00",
)  # fmt: skip
# Sign-ins and codes are counted whether they come to anything or not: that is what limits guessing.
COUNTED = re.compile(r"/(codes|sessions)$")
ANYTHING = {("PUT /console/settings", "value")}
QUIET = {"DELETE /leader/helpers/{account_id}"}  # who is no helper has lost nothing; it says so


def routes(place: Place) -> Iterator[tuple[str, str, Json]]:
    """Yield method, path and description of every operation that has an audience."""
    for path, methods in place.app.openapi()["paths"].items():
        if path.split("/")[1] in ROLES:
            for method, described in methods.items():
                yield method.upper(), path, described


def schema_of(place: Place, described: Json) -> Json | None:
    """Return the schema of an operation's JSON body, None when it takes none."""
    content = described.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"] if "application/json" in content else None


def resolved(place: Place, schema: Json) -> Json:
    """Follow a reference, and take the first alternative that is not null."""
    if "$ref" in schema:
        return resolved(place, place.app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return resolved(place, next(one for one in schema["anyOf"] if one.get("type") != "null"))
    return schema


def is_id(schema: Json) -> bool:
    """Tell ids from other texts."""
    return schema.get("pattern") == "^[0-9]{1,19}$"


def sample(place: Place, schema: Json, name: str = "") -> Any:
    """Return something that fits a schema, with the ids of the town where ids are asked for."""
    schema = resolved(place, schema)
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if is_id(schema):
        stem = name.removesuffix("s").removesuffix("_id")
        return next((number for key, number in place.town.ids.items() if key == stem), NOBODY)
    if kind == "object":
        return {key: sample(place, inner, key) for key, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(place, schema["items"], name)] * max(1, schema.get("minItems", 1))
    if kind in ("integer", "number"):
        return max(int(schema.get("minimum", 1)), 1)
    if kind == "boolean":
        return False
    texts = {"date": "2026-11-25", "date-time": "2026-11-25T00:00:00Z"}
    if kind == "string":
        patterned = {
            "phone": "13900009999",
            "code": "123456",
            "barcode": "6901234567892",
            "verb": "rest",
            "pictures": "a" * 32 + ".webp",
        }
        return texts.get(
            schema.get("format", ""), patterned.get(name, "sandbox" if name == "channel" else "abcdefghijkl")
        )
    return 1


def leaves(place: Place, schema: Json, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Json]]:
    """Yield every place in a body where a plain value stands, with its schema."""
    schema = resolved(place, schema)
    if schema.get("type") == "object":
        for key, inner in schema.get("properties", {}).items():
            yield from leaves(place, inner, (*at, key))
    elif schema.get("type") == "array":
        yield from leaves(place, schema["items"], (*at, 0))
    else:
        yield at, schema


def poisons(schema: Json) -> tuple[Any, ...]:
    """Return what no field of this schema may take."""
    kind = schema.get("type")
    if is_id(schema):
        return IDS
    if schema.get("format") == "date-time":
        return (*TEXTS, *TIMES)
    if kind in ("integer", "number"):
        lowest, highest = int(schema.get("minimum", 0)), int(schema.get("maximum", 10**30))
        return (*NUMBERS, lowest - 1, highest + 1)
    return {"string": TEXTS, "boolean": FLAGS}.get(str(kind), ("\x00", "\ud800"))


def with_value(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return a body with another value at one place."""
    if not at:
        return value
    if isinstance(body, dict):
        return body | {at[0]: with_value(body[at[0]], at[1:], value)}
    return [with_value(inner, at[1:], value) if number == at[0] else inner for number, inner in enumerate(body)]


def path_of(place: Place, path: str) -> str:
    """Fill a path with the ids of the town."""
    words = {
        "kind": "sorting-list",
        "form": "pdf",
        "channel": "sandbox",
        "name": "a" * 32 + ".webp",
        "code": place.town.tote,
    }
    ids = place.town.ids | {"po_id": place.town.ids["purchase_order"], "row_id": NOBODY}

    def filled(found: re.Match[str]) -> str:
        name = found[1].partition(":")[0]
        return words.get(name) or ids.get(name) or ids.get(name.removesuffix("_id"), NOBODY)

    return re.sub(r"\{([^}]+)\}", filled, path)


async def raw(place: Place, method: str, path: str, content: bytes = b"", **more: str) -> httpx2.Response:
    """Send bytes as the audience's person."""
    role = ROLES[path.split("/")[1]]
    headers = place.town.headers(role) | {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"} | more
    return await place.client.request(method, path, content=content, headers=headers)


async def written(place: Place) -> dict[str, int]:
    """Count everything in both towns, and what belongs to no region."""
    counted = await rows_of(place.installation, 0, place.town.region_id, place.far.region_id)
    return {name: rows for name, rows in counted.items() if name not in ("people.quotas", "people.codes")}


def refused(answer: httpx2.Response, what: Any, seen: list[str]) -> None:
    """Note an answer that is not a refusal with a code."""
    if not 400 <= answer.status_code < 500 or fault(answer):
        seen.append(
            f"{answer.request.method} {answer.request.url.path} {str(what)[:120]!r}: "
            f"{answer.status_code} {answer.text[:120]}"
        )


@pytest.mark.rule("S9")
async def test_every_field_of_every_body_refuses_what_it_cannot_be(place: Place) -> None:
    before, sent = await written(place), 0
    seen: list[str] = []
    for method, path, described in routes(place):
        schema = schema_of(place, described)
        if schema is None or path.startswith("/hooks"):
            continue
        good, where = sample(place, schema), path_of(place, path)
        for at, inner in leaves(place, schema):
            if (f"{method} {path}", at[-1] if at else "") in ANYTHING:
                continue
            for poison in poisons(inner):
                body = json.dumps(with_value(good, at, poison)).encode()
                refused(await raw(place, method, where, body), (at, str(poison)[:20], len(str(poison))), seen)
                sent += 1
        unknown = json.dumps(good | {"no_such_field": 1} if isinstance(good, dict) else {}).encode()
        refused(await raw(place, method, where, unknown), "unknown field", seen)
    assert "\n".join(seen) == ""
    assert sent > 1_000
    assert await written(place) == before


@pytest.mark.rule("S9")
async def test_bytes_that_are_no_json_bombs_and_floods_are_refused(place: Place) -> None:
    before = await written(place)
    seen: list[str] = []
    flooded: set[str] = set()
    for method, path, described in routes(place):
        if schema_of(place, described) is None:
            continue
        where = path_of(place, path)
        for content in RAW:
            refused(await raw(place, method, where, content), content[:20], seen)
        audience = path.split("/")[1]
        if audience not in flooded:
            flooded.add(audience)
            answer = await raw(place, method, where, b" " * 20_000_000)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "\n".join(seen) == ""
    assert flooded >= set(ROLES) - {"hooks"}
    assert await written(place) == before


@pytest.mark.rule("S9")
async def test_ids_in_paths_that_are_none_or_nobodys_are_refused(place: Place) -> None:
    before = await written(place)
    seen: list[str] = []
    foreign = str(make_id(place.far.region_id, WEDNESDAY, 1))
    for method, path, described in routes(place):
        names = [part["name"] for part in described.get("parameters", []) if part["in"] == "path"]
        for name in [name for name in names if name.endswith("_id")]:
            schema = schema_of(place, described)
            body = json.dumps(sample(place, schema)).encode() if schema else b""
            for value in (*PATHS, "0", NOBODY, foreign):
                where = path_of(place, path.replace("{" + name + "}", value))
                answer = await raw(place, method, where, body)
                listed = method == "GET" and value in ("0", NOBODY, foreign) and answer.status_code == 200
                if f"{method} {path}" in QUIET and answer.status_code == 200:
                    assert answer.json() == {"sessions_ended": 0}
                elif listed:  # the lists and counts of a thing that does not exist are empty
                    assert not re.search(r'"id":"[1-9]', answer.text), answer.text
                else:
                    refused(answer, value, seen)
    assert "\n".join(seen) == ""
    assert await written(place) == before


@pytest.mark.rule("S9")
async def test_wrong_queries_are_refused_or_find_nothing_but_never_break(place: Place) -> None:
    before = await written(place)
    seen: list[str] = []
    values = (
        "0001-01-01T00:00:00%2B23:59",
        "9999-12-31T23:59:59-23:59",
        "%00",
        "%ED%A0%80",
        "-1",
        str(HUGE),
        "abc",
        "%FF",
        "x" * 5_000,
        "1e400",
        "",
        "true",
        "%25%5F%5C",
    )
    for method, path, described in routes(place):
        asked = [part for part in described.get("parameters", []) if part["in"] == "query"]
        needed = {part["name"]: sample(place, part["schema"], part["name"]) for part in asked if part.get("required")}
        for part in asked:
            for value in values:
                given = "&".join(f"{name}={one}" for name, one in (needed | {part["name"]: value}).items())
                answer = await raw(place, method, f"{path_of(place, path)}?{given}")
                if fault(answer) or (
                    value in ("%00", "-1", str(HUGE))
                    and is_id(resolved(place, part["schema"]))
                    and answer.status_code < 400
                ):
                    seen.append(
                        f"{method} {path}?{part['name']}={value[:20]}: {answer.status_code} {answer.text[:200]}"
                    )
    assert "\n".join(seen) == ""
    assert await written(place) == before


@pytest.mark.rule("S9")
@pytest.mark.parametrize("path", ["/app/photos", "/console/pictures"])
async def test_uploads_that_are_no_pictures_are_refused(place: Place, path: str) -> None:
    before, good = await written(place), picture()
    seen: list[str] = []
    bomb = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + (60_000).to_bytes(4, "big") * 2
        + b"\x08\x06\x00\x00\x00\x00\x00\x00\x00"
    )
    files = (
        b"",
        b"no picture",
        good[:40],
        good[: len(good) // 2],
        b"GIF89a" + b"\x00" * 50,
        b"<svg/>",
        bomb,
        b"\xff\xd8\xff",
    )
    for content in files:
        for kind in (
            "image/png",
            "application/json",
            "text/plain",
            "x",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
        ):
            answer = await raw(place, "POST", path, content, **{"Content-Type": kind})
            refused(answer, (kind, content[:20]), seen)
    assert "\n".join(seen) == ""
    assert await written(place) == before


QUANTITIES: tuple[Any, ...] = (0, -1, -5_000, 10_000, 2**31, 2**63, 1.0, 1.5, 1e400, True, "1", "", None, [], {})
ORDERS: list[tuple[str, Json, int, str]] = [
    ("an unknown offer", {"lines": [{"offer_id": NOBODY, "quantity": 1}]}, 404, "no_such_offer"),
    ("an offer of another cycle", {"cycle_id": "{cycle}"}, 409, "cycle_not_open"),
    ("an unknown cycle", {"cycle_id": NOBODY}, 404, "no_such_cycle"),
    ("another region's cycle", {"cycle_id": "{far_cycle}"}, 404, "no_such_cycle"),
    ("another region's offer", {"lines": [{"offer_id": "{far_offer}", "quantity": 1}]}, 404, "no_such_offer"),
    ("another region's station", {"station_id": "{far_station}"}, 404, "no_such_station"),
    ("an unknown station", {"station_id": NOBODY}, 404, "no_such_station"),
    ("a wrong price", {"expect_payable_fen": 1}, 409, "price_changed"),
    ("more than there is", {"lines": [{"offer_id": "{offer}", "quantity": 5_001}]}, 409, "sold_out"),
    *[
        (f"a quantity of {wrong!r}", {"lines": [{"offer_id": "{offer}", "quantity": wrong}]}, 422, "invalid_request")
        for wrong in QUANTITIES
    ],
]


@pytest.mark.parametrize(("what", "change", "status", "code"), ORDERS, ids=[each[0] for each in ORDERS])
async def test_orders_that_make_no_sense_leave_no_trace(
    place: Place, what: str, change: Json, status: int, code: str
) -> None:
    town, far = place.town, place.far
    ids = town.ids | {
        "far_cycle": far.ids["open_cycle"],
        "far_offer": far.ids["offer"],
        "far_station": far.ids["station"],
    }
    price = town.depot.goods["苹果"].price_fen
    body = json.dumps(town.basket(town.ids["open_cycle"], town.ids["offer"], price) | change)
    for name, number in ids.items():
        body = body.replace("{" + name + "}", number)
    before = await written(place)
    answer = await raw(place, "POST", "/app/orders", body.encode())
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert not fault(answer)
    assert await written(place) == before


CHAINS = {
    "nothing": "",
    "blanks": " \n\t\r\n ",
    "one word": "你好",
    "a heap of signs": "\u202e\u200d\ufeff" * 500,
    "a bomb": "1." * 400_000,
    "lines": "\n" * 900_000,
    "brackets": "（" * 300_000,
    "digits": "9" * 500_000,
    "xml": "<a>" * 200_000,
}


@pytest.mark.parametrize("what", list(CHAINS))
async def test_a_chain_that_is_none_is_refused_soon_and_nothing_is_kept(place: Place, what: str) -> None:
    ids = place.town.ids
    body = {"cycle_id": ids["open_cycle"], "station_id": ids["station"], "text": CHAINS[what]}
    before = await written(place)
    answer = await raw(place, "POST", "/leader/chains", json.dumps(body).encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "chain_unreadable"), answer.text[:300]
    assert await written(place) == before
