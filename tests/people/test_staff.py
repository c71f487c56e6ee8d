"""Administrators come by a one-time token, hire staff, and staff do what their role allows where it allows it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.people import ROLES, GrantValue, invite_administrator
from linli.people.access.rules import NoSuchAccess, SayWhichRegion, standing
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.people_cast import PASSWORD, Cast, done

STRONG = "correct-horse-staple"


async def become(client: httpx2.AsyncClient, token: str, login: str, password: str = STRONG) -> httpx2.Response:
    body = {"token": token, "login": login, "password": password}
    return await client.post("/console/first-administrator", json=body, headers={"Idempotency-Key": uuid4().hex})


async def log_in(cast: Cast, login: str, password: str = STRONG, audience: str = "console") -> httpx2.Response:
    return await cast.client.post(f"/{audience}/sessions", json={"login": login, "password": password})


def fresh_login() -> str:
    return f"u{uuid4().hex[:12]}"


@pytest.mark.rule("ADM-1")
async def test_one_token_makes_one_administrator_even_when_ten_try_at_once(
    cast: Cast, installation: Installation
) -> None:
    token = await installation.db.run(invite_administrator, 0, by="test")
    answers = await asyncio.gather(*(become(cast.client, token, fresh_login()) for _ in range(10)))
    assert sorted(each.status_code for each in answers) == [200] + [403] * 9


async def test_an_invitation_is_good_for_a_day_and_guessing_one_makes_nobody(
    cast: Cast, installation: Installation, clock: SteeredClock
) -> None:
    token = await installation.db.run(invite_administrator, 0, by="test")
    login = fresh_login()
    assert (await become(cast.client, "x" * 32, login)).status_code == 403
    clock.set(clock.now() + timedelta(hours=24))
    assert (await become(cast.client, token, login)).status_code == 403
    assert (await log_in(cast, login)).status_code == 401


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "xxKLAUSxx-1234"])
async def test_a_password_that_strangers_try_first_is_refused_and_the_invitation_stays_good(
    cast: Cast, installation: Installation, password: str
) -> None:
    token = await installation.db.run(invite_administrator, 0, by="test")
    weak = await become(cast.client, token, "klaus", password)
    assert (weak.status_code, weak.json()["code"]) == (422, "password_too_weak")
    done(await become(cast.client, token, fresh_login()))


async def test_a_login_is_taken_whatever_its_capitals(cast: Cast) -> None:
    admin, login = await cast.administrator(), fresh_login()
    body = {"login": login, "password": STRONG, "role": "operator", "region": cast.region_id}
    done(await admin.post("/console/staff", body))
    taken = await admin.post("/console/staff", body | {"login": login.upper(), "password": "another-horse-staple"})
    assert (taken.status_code, taken.json()["code"]) == (409, "login_taken")
    done(await log_in(cast, login))


async def test_who_hires_twice_by_a_double_click_hires_once(cast: Cast) -> None:
    admin, key = await cast.administrator(), uuid4().hex
    body = {"login": fresh_login(), "password": STRONG, "role": "driver", "region": cast.region_id}
    first, again = [done(await admin.post("/console/staff", body, key=key)) for _ in range(2)]
    assert first == again
    assert first["person_id"] == first["id"]
    assert len(done(await admin.get(f"/console/staff?region={cast.region_id}"))) == 1


async def test_wrong_passwords_and_unknown_logins_look_the_same_and_are_limited(
    cast: Cast, installation: Installation, clock: SteeredClock
) -> None:
    admin, login = await cast.administrator(), fresh_login()
    body = {"login": login, "password": STRONG, "role": "operator", "region": cast.region_id}
    done(await admin.post("/console/staff", body))
    wrong, unknown = await log_in(cast, login, "wrong-horse"), await log_in(cast, fresh_login())
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    answers = [await log_in(cast, login, "wrong-horse") for _ in range(9)]
    assert {each.status_code for each in answers} == {401}
    limited = await log_in(cast, login)
    assert (limited.status_code, limited.json()["code"]) == (429, "too_many_sign_ins")
    clock.set(clock.now() + timedelta(minutes=15))
    done(await log_in(cast, login))


@pytest.mark.rule("ADM-1")
async def test_an_administrator_of_a_region_hires_only_there_and_sees_only_that(cast: Cast) -> None:
    admin = await cast.administrator()
    login = fresh_login()
    body = {"login": login, "password": PASSWORD, "role": "administrator", "region": cast.region_id}
    done(await admin.post("/console/staff", body))
    local = cast._person("区域管理员", await cast._log_in("console", login))
    assert local.session.who["region_id"] == cast.region_id
    hired = {"login": fresh_login(), "password": STRONG, "role": "operator"}
    for elsewhere in (0, cast.region_id + 1):
        assert (await local.post("/console/staff", hired | {"region": elsewhere})).status_code == 403
        assert (await local.get(f"/console/staff?region={elsewhere}")).status_code == 403
        headers = {"Linli-Region": str(elsewhere or 1)}
        assert (await local.get("/console/stations", headers=headers)).status_code == 403
    assert (await local.post("/console/regions", {"number": 77, "name": "别处"})).status_code == 403
    done(await local.post("/console/staff", hired | {"region": cast.region_id}))


async def test_who_loses_a_role_is_out_at_once_and_nobody_takes_their_own(cast: Cast) -> None:
    admin, operator = await cast.administrator(), await cast.operator(regional=True)
    done(await operator.get("/console/stations"))
    body = {"role": "operator", "region": cast.region_id}
    gone = done(await admin.post(f"/console/staff/{operator.account_id}/withdrawal", body))
    assert gone == {"withdrawn": True, "sessions_ended": 1}
    assert (await operator.get("/console/stations")).status_code == 401
    own = await admin.post(f"/console/staff/{admin.account_id}/withdrawal", {"role": "administrator", "region": 0})
    assert (own.status_code, own.json()["code"]) == (409, "not_oneself")
    done(await admin.get("/console/staff"))


async def test_leaders_and_members_are_not_hired_with_a_password(cast: Cast) -> None:
    admin = await cast.administrator()
    for role in ("leader", "member", "helper"):
        body = {"login": fresh_login(), "password": STRONG, "role": role, "region": cast.region_id}
        assert (await admin.post("/console/staff", body)).json()["code"] == "role_not_for_staff"


@pytest.mark.rule("ADM-1")
async def test_staff_of_each_role_may_only_what_the_role_says(cast: Cast) -> None:
    buyer, finance = await cast.buyer(), await cast.finance()
    worker, driver = await cast.warehouse_worker(), await cast.driver()
    assert (await buyer.get("/console/stations")).status_code == 403
    assert (await finance.get("/console/leaders")).status_code == 403
    assert (await finance.post("/console/regions", {"number": 78, "name": "别处"})).status_code == 403
    for person in (worker, driver):
        assert (await person.get("/console/stations")).status_code == 403
    assert (await cast.client.get("/console/stations")).status_code == 401


@pytest.mark.rule("ADM-1")
def test_an_administrator_may_what_any_role_of_the_console_may() -> None:
    console = [role for role in ROLES.values() if role.audience == "console" and role.name != "administrator"]
    everything = frozenset().union(*(role.permissions for role in console))
    own = {"region.manage", "settings.manage", "staff.manage", "audit.read"}
    assert ROLES["administrator"].permissions == everything | own
    assert not any(role.permissions & own for role in console)


roles = st.sampled_from(sorted(ROLES))
grants = st.lists(st.builds(GrantValue, st.just(1), roles, st.integers(0, 3), st.integers(0, 2)), max_size=6)


@given(grants, st.sampled_from(["console", "leader", "driver", "supplier"]), st.none() | st.integers(1, 3))
def test_nobody_signs_in_with_more_than_was_granted_for_that_audience_and_region(
    given_roles: list[GrantValue], audience: str, region: int | None
) -> None:
    try:
        found = standing(given_roles, audience, region)
    except (NoSuchAccess, SayWhichRegion):
        fitting = [each.scope for each in given_roles if ROLES[each.role].audience == audience]
        assert 0 not in fitting
        assert region not in fitting if region else len(set(fitting)) != 1
        return
    reach = [
        each for each in given_roles if ROLES[each.role].audience == audience and each.scope in (0, found.region_id)
    ]
    allowed = frozenset({"session.own"}).union(*(ROLES[each.role].permissions for each in reach))
    assert found.permissions <= allowed
    assert found.region_id == region or region is None
    assert (found.person_id, found.roles[0]) in {(each.person_id, each.role) for each in reach} or len(reach) > 1
