"""Sessions are refreshed, ended and stolen."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from linli.people import SessionCheck
from linli.people.account.rules import SessionEnded
from linli.platform.access import read_token
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.people_cast import Cast, Person, done


async def refresh(person: Person, token: str, audience: str = "app") -> httpx2.Response:
    return await person.client.post(f"/{audience}/sessions/refresh", json={"refresh": token})


async def test_a_token_lives_half_an_hour_and_a_refresh_gives_a_new_one(cast: Cast, clock: SteeredClock) -> None:
    member = await cast.member()
    old = member.token
    clock.set(clock.now() + timedelta(minutes=30))
    refused = await cast.client.get("/app/me", headers={"Authorization": f"Bearer {old}"})
    assert (refused.status_code, refused.json()["reason"]) == (401, "expired")
    done(await member.get("/app/me"))
    assert member.token != old


async def test_a_refresh_whose_answer_was_lost_may_be_asked_for_again_within_a_minute(
    cast: Cast, clock: SteeredClock
) -> None:
    member = await cast.member()
    first = member.session.refresh
    done(await refresh(member, first))
    clock.set(clock.now() + timedelta(seconds=59))
    again = done(await refresh(member, first))
    clock.set(clock.now() + timedelta(hours=1))
    done(await refresh(member, again["refresh"]))


async def test_a_refresh_token_used_again_later_was_stolen_and_ends_the_session_for_both(
    cast: Cast, clock: SteeredClock
) -> None:
    member = await cast.member()
    stolen = member.session.refresh
    newer = done(await refresh(member, stolen))["refresh"]
    clock.set(clock.now() + timedelta(minutes=2))
    assert (await refresh(member, stolen)).json()["why"] == "stolen"
    assert (await refresh(member, newer)).json()["why"] == "ended"


async def test_who_signs_out_is_out_at_once(cast: Cast) -> None:
    member = await cast.member()
    done(await member.delete("/app/sessions/current"))
    gone = await member.get("/app/me")
    assert (gone.status_code, gone.json()["why"]) == (401, "revoked")
    assert (await refresh(member, member.session.refresh)).status_code == 401


async def test_another_process_learns_within_five_seconds_that_a_session_was_ended(
    cast: Cast, installation: Installation
) -> None:
    member = await cast.member()
    caller = read_token(installation.key, member.token, installation.clock.now())
    passed = [0.0]
    elsewhere = SessionCheck(installation, elapsed=lambda: passed[0])
    await elsewhere(caller)
    done(await member.delete("/app/sessions/current"))
    passed[0] = 4.9
    await elsewhere(caller)
    passed[0] = 5.0
    with pytest.raises(SessionEnded):
        await elsewhere(caller)


async def test_a_session_of_one_audience_opens_no_other(cast: Cast) -> None:
    leader = await cast.leader()
    member = await cast.member("李阿姨", leader)
    crossed = await cast.client.get("/leader/members", headers={"Authorization": f"Bearer {member.token}"})
    assert crossed.status_code == 403
    assert (await refresh(member, member.session.refresh, "leader")).status_code == 401
    done(await refresh(member, member.session.refresh))


async def test_what_is_no_refresh_token_is_refused_and_breaks_nothing(cast: Cast) -> None:
    member = await cast.member()
    session_id = member.session.refresh.partition(".")[0]
    for nonsense in (
        "nothing-at-all",
        f"{session_id}.wrong-secret",
        "9" * 30 + ".x",
        f"{2**62}.whatever",
        "１２.abcdefgh",
    ):
        answer = await refresh(member, nonsense)
        assert answer.status_code in (401, 422), answer.text
    done(await refresh(member, member.session.refresh))


async def test_a_suspended_leader_and_her_helpers_are_out_at_once_and_come_back_when_reinstated(cast: Cast) -> None:
    leader, operator = await cast.leader(), await cast.operator()
    phone = "13711112222"
    done(await leader.post("/leader/helpers", {"name": "小张", "phone": phone}))
    helper = await cast._sign_in("leader", phone, {})
    assert helper.who["person_id"] == str(leader.id)
    assert helper.who["roles"] == ["helper"]
    path = f"/console/leaders/{leader.id}/standing"
    done(await operator.post(path, {"verb": "suspend", "reason": "投诉"}))
    assert (await leader.get("/leader/me")).status_code == 401
    helped = await cast.client.get("/leader/me", headers={"Authorization": f"Bearer {helper.access}"})
    assert helped.status_code == 401
    code = (await cast.codes([leader.phone], "leader"))[leader.phone]
    body = {"phone": leader.phone, "code": code}
    assert (await cast.client.post("/leader/sessions", json=body)).status_code == 403
    done(await operator.post(path, {"verb": "reinstate"}))
    again = await cast._sign_in("leader", leader.phone, {})
    assert again.who["person_id"] == str(leader.id)


async def test_a_leader_who_helps_elsewhere_still_signs_in_as_herself(cast: Cast) -> None:
    first, second = await cast.leader("王姐"), await cast.leader("赵姐")
    done(await first.post("/leader/helpers", {"name": "赵姐", "phone": second.phone}))
    again = await cast._sign_in("leader", second.phone, {})
    assert again.who["person_id"] == str(second.id)
    assert "station.own" in again.who["permissions"]
