"""The web edge: one answer to one request, problems with codes, nobody let in by mistake, and calm when the database is
away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx2
import jwt
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from linli.entry.web import build_app
from linli.people import SessionCheck
from linli.platform.access import Caller, issue_token
from linli.platform.clock import SteeredClock
from linli.platform.database import Database, Tx
from linli.platform.installation import Installation
from linli.platform.jobs import open_queue
from linli.platform.web import LARGEST_BODY, Audience, CallOf

ALL = frozenset({"station.manage", "order.read", "session.own", "papers.read"})
OFFICE = Caller(1, "console", 0, ALL)
PLACE = {"name": "春天里", "lat_e6": 28_228_200, "lng_e6": 112_938_800}
OTHER = PLACE | {"name": "夏日里"}
NOBODY = (1 << 62) + 7


def signed(installation: Installation, caller: Caller, **more: str) -> dict[str, str]:
    """Return the headers of a caller."""
    token = issue_token(installation.key, caller, installation.clock.now())
    return {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in more.items()}


@pytest.fixture
def office(installation: Installation, region_id: int) -> dict[str, str]:
    """The headers of somebody of head office, working in the test's region."""
    return signed(installation, OFFICE, linli_region=str(region_id))


def is_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Prove that an answer is this problem, in the form of RFC 9457, and return it."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:linli:{code}"
    assert body["status"] == status
    assert body["title"]
    return body


async def communities(installation: Installation, region_id: int) -> int:
    """Count the communities of a region."""

    async def counted(tx: Tx) -> int:
        found = await tx.execute(text("SELECT count(*) FROM people.communities WHERE region_id = :r"), {"r": region_id})
        return int(found.scalar_one())

    return await installation.db.run(counted, region_id, by="test")


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a client of an application of one's own."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://linli.test") as opened:
        yield opened


@pytest.mark.rule("S3")
async def test_the_same_request_under_the_same_key_is_answered_as_before(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    keyed = office | {"Idempotency-Key": "one-and-the-same"}
    first = await client.post("/console/communities", json=PLACE, headers=keyed)
    again = await client.post("/console/communities", json=PLACE, headers=keyed)
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert await communities(installation, region_id) == 1


@pytest.mark.rule("S3")
async def test_another_request_under_the_same_key_is_refused(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    keyed = office | {"Idempotency-Key": "one-and-the-same"}
    await client.post("/console/communities", json=PLACE, headers=keyed)
    other_body = await client.post("/console/communities", json=OTHER, headers=keyed)
    is_problem(other_body, 409, "idempotency_key_reused")
    other_path = await client.post("/console/communities?x=1", json=PLACE, headers=keyed)
    is_problem(other_path, 409, "idempotency_key_reused")
    somebody_else = signed(installation, replace(OFFICE, account_id=2), linli_region=str(region_id))
    somebody_else["Idempotency-Key"] = keyed["Idempotency-Key"]
    own = await client.post("/console/communities", json=OTHER, headers=somebody_else)
    assert own.status_code == 200
    assert "idempotent-replay" not in own.headers
    assert await communities(installation, region_id) == 2


@pytest.mark.parametrize("key", ["", "short", "x" * 81, "tab\tinside-it", "schlüssel-äöü".encode().decode("latin-1")])
async def test_a_write_without_a_proper_key_is_refused(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str], key: str
) -> None:
    headers = [
        (name.encode(), value.encode("latin-1"))
        for name, value in (office | ({"Idempotency-Key": key} if key else {})).items()
    ]
    is_problem(await client.post("/console/communities", json=PLACE, headers=headers), 400, "key_needed")
    assert await communities(installation, region_id) == 0


@pytest.mark.rule("S3")
async def test_twenty_twins_at_once_make_one_row_and_get_one_answer(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    keyed = office | {"Idempotency-Key": "twenty-at-once"}
    answers = await asyncio.gather(*(client.post("/console/communities", json=PLACE, headers=keyed) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replay" in answer.headers for answer in answers) == 19
    assert await communities(installation, region_id) == 1


@pytest.mark.rule("S3")
async def test_a_refused_request_may_be_sent_again_under_its_key(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    keyed = office | {"Idempotency-Key": "refused-then-sent"}
    station = {"community_id": str(NOBODY), "leader_id": str(NOBODY), "name": "王姐的店"}
    first = await client.post("/console/stations", json=station, headers=keyed)
    assert first.status_code == 404
    again = await client.post("/console/stations", json=station, headers=keyed)
    assert (again.status_code, again.json()) == (404, first.json())
    assert (await client.post("/console/communities", json=PLACE, headers=keyed)).status_code == 200


async def test_refusals_wrong_fields_pages_and_methods_are_problems(
    client: httpx2.AsyncClient, office: dict[str, str]
) -> None:
    is_problem(await client.get(f"/console/orders/{NOBODY}", headers=office), 404, "order_not_found")
    is_problem(await client.get("/console/orders/abc", headers=office), 422, "bad_id")
    keyed = office | {"Idempotency-Key": uuid4().hex}
    wrong = is_problem(
        await client.post("/console/communities", json={"name": 7}, headers=keyed), 422, "invalid_request"
    )
    assert {"at": "body/name", "why": "string_type"} in wrong["wrong"]
    assert {"at": "body/lat_e6", "why": "missing"} in wrong["wrong"]
    is_problem(await client.get("/no/such/page", headers=office), 404, "no_such_page")
    refused = await client.delete("/console/communities", headers=keyed)
    is_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"]


@pytest.mark.rule("S8")
async def test_tokens_that_prove_nothing_let_nobody_in(
    client: httpx2.AsyncClient, installation: Installation, region_id: int
) -> None:
    now, key = installation.clock.now(), installation.key
    good = issue_token(key, OFFICE, now)
    head, claims, signature = good.split(".")
    told = jwt.decode(good, options={"verify_signature": False})
    forged = {
        "nothing": "", "a word": "word", "three words": "a.b.c", "chinese": "令牌",
        "another key": issue_token(b"k" * 32, OFFICE, now),
        "no signature": f"{head}.{claims}.",
        "another's claims": f"{head}.{issue_token(key, replace(OFFICE, account_id=9), now).split('.')[1]}.{signature}",
        "no algorithm": jwt.encode(told, "", algorithm="none"),
        "without claims": jwt.encode({"sub": "1"}, key, algorithm="HS256"),
        "yesterday's": issue_token(key, OFFICE, now - timedelta(days=1)),
        "just expired": issue_token(key, OFFICE, now - timedelta(minutes=30)),
        "huge": "x" * 60_000,
    }  # fmt: skip
    region = (b"Linli-Region", str(region_id).encode())
    for what, token in forged.items():
        headers = [(b"Authorization", f"Bearer {token}".encode()), region]
        answer = await client.get("/console/communities", headers=headers)
        is_problem(answer, 401, "sign_in_needed")
        assert answer.json()["reason"] == ("expired" if "expired" in what or "yesterday" in what else "invalid"), what
    for scheme in ("", "Basic", "Token"):
        headers = [(b"Authorization", f"{scheme} {good}".encode()), region]
        is_problem(await client.get("/console/communities", headers=headers), 401, "sign_in_needed")
    assert (
        await client.get("/console/communities", headers=signed(installation, OFFICE, linli_region=str(region_id)))
    ).status_code == 200


@pytest.mark.rule("S8")
@pytest.mark.parametrize("audience", ["app", "leader", "supplier", "driver", "warehouse"])
async def test_a_token_of_another_audience_opens_nothing(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, audience: Any
) -> None:
    headers = signed(installation, Caller(1, audience, region_id, ALL, 5))
    refused = is_problem(await client.get("/console/communities", headers=headers), 403, "permission_missing")
    assert refused["audience"] == "console"


@pytest.mark.rule("S8")
async def test_a_missing_permission_and_a_revoked_session_are_refused(
    client: httpx2.AsyncClient, installation: Installation, region_id: int
) -> None:
    poor = signed(installation, replace(OFFICE, permissions=frozenset({"order.read"})), linli_region=str(region_id))
    refused = is_problem(await client.get("/console/communities", headers=poor), 403, "permission_missing")
    assert refused["permission"] == "station.manage"
    assert isinstance(installation.check_session, SessionCheck)
    installation.check_session.end(NOBODY)
    gone = signed(installation, replace(OFFICE, session_id=NOBODY), linli_region=str(region_id))
    is_problem(await client.get("/console/communities", headers=gone), 401, "session_ended")


@pytest.mark.rule("S8")
async def test_a_route_that_declares_no_access_lets_nobody_in(installation: Installation, region_id: int) -> None:
    app = build_app(installation)

    @app.get("/console/forgotten")
    async def forgotten(call: CallOf) -> str:
        return "secret"

    async with served(app) as client:
        for headers in ({}, signed(installation, OFFICE, linli_region=str(region_id))):
            is_problem(await client.get("/console/forgotten", headers=headers), 403, "permission_missing")
    with pytest.raises(TypeError, match="why it is public"):
        Audience("console", "test").get("/forgotten", permission=None)


async def test_ids_and_big_numbers_are_strings_in_answers(client: httpx2.AsyncClient, office: dict[str, str]) -> None:
    made = await client.post("/console/communities", json=PLACE, headers=office | {"Idempotency-Key": uuid4().hex})
    number = made.json()["id"]
    assert isinstance(number, str)
    assert int(number) > 2**31
    listed = await client.get("/console/communities", headers=office, params={"limit": 1})
    assert listed.json()["items"][0]["id"] == listed.json()["next"] == number
    key = "key-that-is-a-fact"
    await client.post("/console/communities", json=PLACE, headers=office | {"Idempotency-Key": key})
    assert (await client.get(f"/console/orders/{2**63}", headers=office)).json()["text"] == str(2**63)


@pytest.mark.rule("S8")
async def test_head_office_names_its_region_and_others_cannot_leave_theirs(
    client: httpx2.AsyncClient, installation: Installation, region_id: int
) -> None:
    for named in ("0", "-1", "abc", str(2**20), "1e3", "٣", "00000001" + "9" * 9, "00000001" + "9" * 5_000, " "):
        headers = [(k.encode(), v.encode()) for k, v in signed(installation, OFFICE, linli_region=named).items()]
        is_problem(await client.get("/console/communities", headers=headers), 400, "region_needed")
    is_problem(await client.get("/console/communities", headers=signed(installation, OFFICE)), 400, "region_needed")
    regional = replace(OFFICE, region_id=region_id)
    assert (await client.get("/console/communities", headers=signed(installation, regional))).status_code == 200
    own = signed(installation, regional, linli_region=str(region_id))
    assert (await client.get("/console/communities", headers=own)).status_code == 200
    foreign = signed(installation, regional, linli_region=str(region_id + 1))
    is_problem(await client.get("/console/communities", headers=foreign), 403, "permission_missing")


async def test_every_answer_carries_its_request_id_also_a_bugs(
    client: httpx2.AsyncClient, installation: Installation
) -> None:
    named = await client.get("/health/live", headers={"X-Request-Id": "from-the-phone"})
    assert named.headers["x-request-id"] == "from-the-phone"
    own = [(await client.get("/no/such/page")).headers["x-request-id"] for _ in range(2)]
    assert own[0] != own[1]
    assert len((await client.get("/health/live", headers={"X-Request-Id": "x" * 500})).headers["x-request-id"]) == 64
    app = build_app(installation)

    @app.get("/broken")
    async def broken() -> str:
        raise RuntimeError("the secret is 13812345678")

    async with served(app) as opened:
        answer = await opened.get("/broken", headers={"X-Request-Id": "broken-one"})
        is_problem(answer, 500, "bug")
        assert answer.headers["x-request-id"] == "broken-one"
        assert "secret" not in answer.text


@pytest.mark.rule("S11")
async def test_a_body_beyond_the_limit_is_refused_told_or_untold(
    client: httpx2.AsyncClient, installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 2**20 + 1):
            yield b" " * 2**20

    keyed = office | {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
    for content in (b" " * (LARGEST_BODY + 1), endless()):
        answer = await client.post("/console/communities", content=content, headers=keyed)
        is_problem(answer, 413, "too_large")
    assert await communities(installation, region_id) == 0


def on(installation: Installation, db: Database) -> FastAPI:
    """Return an application of the same installation on another way to the database."""
    other = Installation(
        installation.config, installation.clock, db, open_queue(db.url), installation.storage, installation.key
    )
    return build_app(other)


def is_busy(answer: httpx2.Response) -> None:
    """Prove that an answer asks to come back later."""
    is_problem(answer, 503, "busy")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.rule("S11")
async def test_without_a_database_the_answer_is_to_come_back_later(
    installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    parts = urlsplit(installation.db.url)
    nowhere = urlunsplit(parts._replace(netloc="nobody@127.0.0.1:1", query=""))
    db = Database(nowhere, SteeredClock(datetime(2026, 11, 23, tzinfo=UTC)), pool_size=1)
    async with served(on(installation, db)) as client:
        is_busy(await client.get("/console/communities", headers=office))
        is_busy(await client.get("/health/ready"))
        assert (await client.get("/health/live")).status_code == 200
    await db.close()


@pytest.mark.rule("S11")
async def test_a_statement_that_waits_too_long_ends_and_the_next_one_works(
    installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    db = Database(installation.db.url, installation.clock, pool_size=2, timeout_ms=200)
    async with served(on(installation, db)) as client:
        with psycopg.connect(installation.db.url) as holder:
            holder.execute("LOCK TABLE people.communities IN ACCESS EXCLUSIVE MODE")
            is_busy(await client.get("/console/communities", headers=office))
            is_busy(
                await client.post(
                    "/console/communities", json=PLACE, headers=office | {"Idempotency-Key": "while-locked"}
                )
            )
        keyed = office | {"Idempotency-Key": "while-locked"}
        assert (await client.post("/console/communities", json=PLACE, headers=keyed)).status_code == 200
    await db.close()
    assert await communities(installation, region_id) == 1


@pytest.mark.rule("S11")
async def test_when_connections_are_cut_the_application_recovers_without_a_restart(
    installation: Installation, region_id: int, office: dict[str, str]
) -> None:
    db = Database(installation.db.url, installation.clock, pool_size=2)
    async with served(on(installation, db)) as client:
        assert (await client.get("/console/communities", headers=office)).status_code == 200
        async with db.transaction(region_id, by="test") as tx:
            backend = await tx.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(installation.db.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [backend])
        is_busy(await client.get("/console/communities", headers=office))
        assert (await client.get("/console/communities", headers=office)).status_code == 200
    await db.close()
