"""Members and leaders prove who they are by a code that was sent to their phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text

from linli.platform import settings
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.people_cast import Cast, done, new_phone


@pytest.fixture
def counting_addresses(installation: Installation) -> Iterator[None]:
    """An installation that is not for development: requests are counted by address too."""
    before = installation.config
    installation.config = before.model_copy(update={"development": False})
    yield
    installation.config = before


async def ask(client: httpx2.AsyncClient, phone: str) -> httpx2.Response:
    return await client.post("/app/codes", json={"phone": phone}, headers={"Idempotency-Key": uuid4().hex})


async def try_code(cast: Cast, phone: str, code: str, key: str = "", **more: Any) -> httpx2.Response:
    body = {"phone": phone, "code": code, "region": cast.region_id, **more}
    return await cast.client.post("/app/sessions", json=body, headers={"Idempotency-Key": key or uuid4().hex})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def sessions_of_region(cast: Cast) -> int:
    async with cast.installation.db.transaction(cast.region_id, by="test") as tx:
        return int(await tx.scalar(text(f"SELECT count(*) FROM people.sessions WHERE region_id = {cast.region_id}")))


@pytest.mark.rule("MEM-1")
async def test_a_neighbour_signs_up_at_a_leaders_station_and_the_leader_sees_her_masked(cast: Cast) -> None:
    leader = await cast.leader("王姐", station="东门")
    member = await cast.member("李阿姨", leader)
    me = done(await member.get("/app/me"))
    assert (me["nickname"], me["station"]["name"]) == ("李阿姨", "东门")
    seen = done(await leader.get("/leader/members"))["items"]
    assert [(each["nickname"], each["phone"]) for each in seen] == [("李阿姨", "*******" + member.phone[-4:])]


async def test_whoever_comes_again_is_the_same_member_and_in_another_region_another_one(cast: Cast) -> None:
    phone = new_phone()
    first = done(await try_code(cast, phone, (await cast.codes([phone]))[phone]))
    again = done(await try_code(cast, phone, (await cast.codes([phone]))[phone], nickname="李四"))
    assert first["who"] == again["who"]
    elsewhere = Cast(cast.client, cast.installation, cast.region_id + 500_000)
    admin = await cast.administrator()
    done(await admin.post("/console/regions", {"number": elsewhere.region_id, "name": "邻市"}))
    there = done(await try_code(elsewhere, phone, (await cast.codes([phone]))[phone]))
    assert there["who"]["account_id"] == first["who"]["account_id"]
    assert there["who"]["person_id"] != first["who"]["person_id"]


async def test_the_answer_to_asking_for_a_code_tells_neither_the_code_nor_whether_the_phone_is_known(
    cast: Cast,
) -> None:
    known = (await cast.member()).phone
    stranger = new_phone()
    answers = [await ask(cast.client, known), await ask(cast.client, stranger)]
    assert answers[0].json() == answers[1].json() == {"expires_in": 300, "per_hour": 5}


async def test_no_phone_and_no_code_stands_in_clear_in_the_database(cast: Cast, installation: Installation) -> None:
    leader = await cast.leader()
    member = await cast.member("李阿姨", leader)
    code = (await cast.codes([member.phone]))[member.phone]
    engine = installation.db.owner_engine()
    async with engine.connect() as connection:
        listed = (
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = (await connection.execute(text(listed))).all()
        found = []
        for schema, name in tables:
            rows = await connection.execute(text(f'SELECT t::text FROM "{schema}"."{name}" AS t'))
            found += [(schema, name, row[0]) for row in rows]
    await engine.dispose()
    assert {"identities", "codes", "outbox", "sessions"} <= {name for _, name, _ in found}
    for schema, name, row in found:
        for secret in (member.phone, leader.phone, f"验证码 {code}", member.token, member.session.refresh):
            assert secret not in row, (schema, name)


async def test_a_wrong_code_is_refused_and_five_wrong_ones_lock_out_the_right_one(cast: Cast) -> None:
    phone = new_phone()
    code = (await cast.codes([phone]))[phone]
    for _ in range(5):
        wrong = await try_code(cast, phone, other_than(code))
        assert (wrong.status_code, wrong.json()["why"]) == (401, "wrong")
    locked = await try_code(cast, phone, code)
    assert (locked.status_code, locked.json()["why"]) == (401, "locked")
    assert await sessions_of_region(cast) == 0
    fresh = (await cast.codes([phone]))[phone]
    done(await try_code(cast, phone, fresh))


async def test_twenty_guesses_at_once_count_as_five_at_most(cast: Cast) -> None:
    phone = new_phone()
    code = (await cast.codes([phone]))[phone]
    wrong = [f"{(int(code) + n) % 1_000_000:06d}" for n in range(1, 21)]
    answers = await asyncio.gather(*(try_code(cast, phone, guess) for guess in wrong))
    assert sorted(each.json()["why"] for each in answers) == ["locked"] * 15 + ["wrong"] * 5


async def test_one_code_opens_one_session_even_when_it_comes_twenty_times_at_once(cast: Cast) -> None:
    phone = new_phone()
    code = (await cast.codes([phone]))[phone]
    answers = await asyncio.gather(*(try_code(cast, phone, code) for _ in range(20)))
    assert sorted(each.status_code for each in answers) == [200] + [401] * 19
    assert await sessions_of_region(cast) == 1


async def test_when_the_answer_was_lost_the_same_request_gets_in_again_and_another_one_does_not(
    cast: Cast, clock: SteeredClock
) -> None:
    phone, key = new_phone(), uuid4().hex
    code = (await cast.codes([phone]))[phone]
    first, again = [done(await try_code(cast, phone, code, key)) for _ in range(2)]
    assert first["who"] == again["who"]
    assert (await try_code(cast, phone, code)).status_code == 401
    clock.set(clock.now() + timedelta(minutes=5))
    assert (await try_code(cast, phone, code, key)).status_code == 401


async def test_a_code_is_good_for_five_minutes(cast: Cast, clock: SteeredClock) -> None:
    early, late = new_phone(), new_phone()
    codes = await cast.codes([early, late])
    clock.set(clock.now() + timedelta(minutes=4, seconds=59))
    done(await try_code(cast, early, codes[early]))
    clock.set(clock.now() + timedelta(seconds=1))
    expired = await try_code(cast, late, codes[late])
    assert (expired.status_code, expired.json()["why"]) == (401, "expired")


async def test_a_newer_code_replaces_the_one_before(cast: Cast) -> None:
    phone = new_phone()
    old = (await cast.codes([phone]))[phone]
    new = (await cast.codes([phone]))[phone]
    if old != new:
        assert (await try_code(cast, phone, old)).json()["why"] == "wrong"
    done(await try_code(cast, phone, new))


async def test_a_phone_gets_five_codes_an_hour(cast: Cast, clock: SteeredClock) -> None:
    phone = new_phone()
    answers = [await ask(cast.client, phone) for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert 0 < answers[-1].json()["retry_after"] <= 3600
    clock.set(clock.now() + timedelta(seconds=answers[-1].json()["retry_after"]))
    assert (await ask(cast.client, phone)).status_code == 200


async def test_twenty_requests_at_once_send_five_codes(cast: Cast) -> None:
    phone = new_phone()
    answers = await asyncio.gather(*(ask(cast.client, phone) for _ in range(20)))
    assert sorted(each.status_code for each in answers) == [200] * 5 + [429] * 15


@pytest.mark.usefixtures("counting_addresses")
async def test_an_address_gets_only_so_many_codes_an_hour_for_whatever_phones(cast: Cast) -> None:
    name = "people.codes_per_address"
    async with cast.installation.db.transaction(0, by="test") as tx:
        await settings.change(tx, name=name, value=3, valid_from=tx.now, reason="test")
    try:
        answers = [await ask(cast.client, new_phone()) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
    finally:
        async with cast.installation.db.transaction(0, by="test") as tx:
            await tx.execute(text(f"DELETE FROM platform.settings WHERE name = '{name}'"))


async def test_the_same_request_for_a_code_twice_sends_one(cast: Cast) -> None:
    phone, key = new_phone(), uuid4().hex
    for _ in range(2):
        done(await cast.client.post("/app/codes", json={"phone": phone}, headers={"Idempotency-Key": key}))
    await cast.installation.runner.drain(regions=[0])
    log = (cast.installation.config.home / "sms.log").read_text()
    assert log.count(phone) == 1


async def test_a_message_that_could_not_be_sent_in_time_is_not_sent_late(cast: Cast, clock: SteeredClock) -> None:
    phone = new_phone()
    done(await ask(cast.client, phone))
    clock.set(clock.now() + timedelta(minutes=6))
    await cast.installation.runner.drain(regions=[0])
    log = cast.installation.config.home / "sms.log"
    assert not log.exists() or phone not in log.read_text()


async def test_only_leaders_sign_in_as_leaders_whoever_they_are_otherwise(cast: Cast) -> None:
    member = await cast.member()
    code = (await cast.codes([member.phone], "leader"))[member.phone]
    refused = await cast.client.post("/leader/sessions", json={"phone": member.phone, "code": code})
    assert (refused.status_code, refused.json()["code"]) == (403, "no_such_access")


async def test_nobody_signs_up_in_a_region_that_is_not_there_or_at_a_strange_station(cast: Cast) -> None:
    phone, nowhere = new_phone(), Cast(cast.client, cast.installation, 999_999)
    code, key = (await cast.codes([phone]))[phone], uuid4().hex
    refused = await try_code(nowhere, phone, code, key)
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_region")
    strange = await try_code(cast, phone, code, key, station_id="12345")
    assert (strange.status_code, strange.json()["code"]) == (404, "no_such_station")
    assert await sessions_of_region(cast) == 0
