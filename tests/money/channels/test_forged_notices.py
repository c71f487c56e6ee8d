"""What a forger, a thief of old messages or a broken line sends to the real hook: refused, counted, nothing written."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest

from linli import money
from linli.money.channels.interface import ForgedNotice, Forgery
from linli.money.intake.http import FORGED
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from linli.platform.telemetry import registry
from tests.conftest import MORNING
from tests.fakes.alipay import FakeAlipay
from tests.fakes.desks import Message, alipay_desk, wechat_desk
from tests.fakes.serving import key_of
from tests.fakes.wechat import FakeWeChat

from .counter import Counter, counter_of

pytestmark = pytest.mark.rule("S7")


@pytest.fixture(params=["wechat", "wechat_certificates", "alipay"])
async def counter(
    request: pytest.FixtureRequest,
    installation: Installation,
    region_id: int,
    clock: SteeredClock,
    client: httpx2.AsyncClient,
) -> AsyncIterator[Counter]:
    async with counter_of(request.param, installation, region_id, clock, client) as opened:
        yield opened


def wechat_forgeries(fake: FakeWeChat, post: Any) -> dict[str, tuple[Message, Forgery]]:
    """Every way to be wrong in WeChat's protocol."""
    now, body = fake.clock(), fake.sealed(post)
    good = fake.headers(body)
    thief = dataclasses.replace(fake)
    thief.key = key_of("a thief")

    def told(**changed: Any) -> Message:
        return fake.message(dataclasses.replace(post, what={**post.what, **changed}))

    outer = json.loads(body)
    unsealed = json.dumps({**outer, "resource": {**outer["resource"], "nonce": "000000000000"}}).encode()
    plain = json.dumps({**outer, "resource": post.what}).encode()
    cases = {
        "unsigned": ({"content-type": "application/json"}, body, Forgery.MALFORMED),
        "signed by a thief": (thief.headers(body), body, Forgery.SIGNATURE),
        "an unknown serial": (good | {"Wechatpay-Serial": "7777"}, body, Forgery.SERIAL),
        "a probe for lazy shops": (good | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/abcd"}, body, Forgery.SIGNATURE),
        "six minutes old": (fake.headers(body, now - timedelta(minutes=6)), body, Forgery.STALE),
        "from the future": (fake.headers(body, now + timedelta(minutes=6)), body, Forgery.STALE),
        "replayed with a fresh time": (
            good | {"Wechatpay-Timestamp": str(int(now.timestamp()) - 1)},
            body,
            Forgery.SIGNATURE,
        ),
        "another nonce": (good | {"Wechatpay-Nonce": "f" * 32}, body, Forgery.SIGNATURE),
        "cut short": (good, body[:-1], Forgery.SIGNATURE),
        "one letter changed": (good, body.replace(b"SUCCESS", b"SUCCESs"), Forgery.SIGNATURE),
        "a blank more": (good, body + b" ", Forgery.SIGNATURE),
        "another algorithm": (good | {"Wechatpay-Signature-Type": "WECHATPAY2-SM2"}, body, Forgery.MALFORMED),
        "a huge time": (good | {"Wechatpay-Timestamp": "9" * 4_000}, body, Forgery.MALFORMED),
        "sealed under another key": (fake.headers(unsealed), unsealed, Forgery.MALFORMED),
        "not sealed at all": (fake.headers(plain), plain, Forgery.MALFORMED),
        "no JSON": (fake.headers(b"\xff\x00"), b"\xff\x00", Forgery.MALFORMED),
        "empty": (fake.headers(b""), b"", Forgery.MALFORMED),
        "another merchant": (*told(mchid="1900000999"), Forgery.MERCHANT),
        "another app": (*told(appid="wx0000000000000000"), Forgery.MERCHANT),
        "other money": (*told(amount={"total": 2990, "currency": "USD"}), Forgery.CURRENCY),
        "no amount": (*told(amount=None), Forgery.MALFORMED),
        "an amount in words": (*told(amount={"total": "2990", "currency": "CNY"}), Forgery.MALFORMED),
    }
    return {name: ((headers, sent), reason) for name, (headers, sent, reason) in cases.items()}


def alipay_forgeries(fake: FakeAlipay, post: Any) -> dict[str, tuple[Message, Forgery]]:
    """Every way to be wrong in Alipay's protocol."""
    form = {**post.what, "notify_id": post.id}
    headers, body = fake.signed_form(form)
    thief = dataclasses.replace(fake)
    thief.key = key_of("a thief")

    def told(**changed: str) -> bytes:
        return fake.signed_form({**form, **changed})[1]

    def sent_at(span: timedelta) -> str:
        return (fake.clock() + span + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")

    cases = {
        "unsigned": (body.partition(b"&sign=")[0], Forgery.MALFORMED),
        "signed by a thief": (thief.signed_form(form)[1], Forgery.SIGNATURE),
        "two days old": (told(notify_time=sent_at(-timedelta(days=2))), Forgery.STALE),
        "from the future": (told(notify_time=sent_at(timedelta(minutes=6))), Forgery.STALE),
        "another amount under the same signature": (body.replace(b"29.90", b"19.90"), Forgery.SIGNATURE),
        "cut short": (body[:-3], Forgery.SIGNATURE),
        "a field twice": (body + b"&total_amount=0.01", Forgery.MALFORMED),
        "a field more": (body + b"&extra=1", Forgery.SIGNATURE),
        "another kind of signature": (body.replace(b"sign_type=RSA2", b"sign_type=RSA"), Forgery.MALFORMED),
        "another app": (told(app_id="2021999999999999"), Forgery.MERCHANT),
        "another seller": (told(seller_id="2088000000000000"), Forgery.MERCHANT),
        "other money": (told(trans_currency="USD"), Forgery.CURRENCY),
        "an amount in words": (told(total_amount="many"), Forgery.MALFORMED),
        "half a fen": (told(total_amount="29.905"), Forgery.MALFORMED),
        "no form": (b"\xff\x00", Forgery.MALFORMED),
        "empty": (b"", Forgery.MALFORMED),
        "a thousand fields": (b"&".join(b"a%d=1" % n for n in range(1_000)), Forgery.MALFORMED),
    }
    return {name: ((headers, sent), reason) for name, (sent, reason) in cases.items()}


def counted(channel: str) -> dict[str, float]:
    """How many forgeries were counted, by reason."""
    samples = [sample for metric in FORGED.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return {each.labels["reason"]: each.value for each in samples if each.labels["channel"] == channel}


async def test_whatever_is_not_genuine_is_refused_counted_and_leaves_the_charge_unpaid(counter: Counter) -> None:
    charge = await counter.charge()
    assert await counter.pay(charge)
    [post] = counter.desk.provider.posts
    cases = (alipay_forgeries if counter.desk.name == "alipay" else wechat_forgeries)(counter.desk.provider, post)
    before = await counter.kept()
    suspicious = 0
    for what, ((headers, body), reason) in cases.items():
        seen = counted(counter.desk.name)
        answer = await counter.hear(headers, body)
        assert answer.status_code == 401, (what, answer.text)
        assert (answer.json()["code"], answer.json()["reason"]) == ("forged_notice", reason.value), what
        assert counted(counter.desk.name).get(reason.value, 0) == seen.get(reason.value, 0) + 1, what
        suspicious += reason in (Forgery.MERCHANT, Forgery.CURRENCY)
    after = await counter.kept()
    assert after == {**before, "raw_notices": before["raw_notices"] + suspicious}, "only the suspicious are put aside"
    assert (await counter.look(charge.id)).state == money.ChargeState.PAYABLE
    large = await counter.hear({"content-type": "application/json"}, b"x" * 65_537)
    assert (large.status_code, large.json()["code"]) == (413, "notice_too_large")
    assert await counter.kept() == after
    assert await counter.deliver() == [200]
    assert (await counter.look(charge.id)).state == money.ChargeState.PAID, "the genuine one is still believed"
    assert f'linli_payment_forgeries_total{{channel="{counter.desk.name}"'.encode() in generate_latest(registry)


async def test_one_provider_s_message_is_nothing_at_another_s_door(counter: Counter) -> None:
    charge = await counter.charge()
    assert await counter.pay(charge)
    [(headers, body)] = await counter.desk.messages()
    for channel, status in (("offline", 401), ("moonpay", 404), ("Wechat", 404)):
        answer = await counter.client.post(f"/hooks/payments/{channel}", content=body, headers=headers)
        assert answer.status_code == status, channel
    assert (await counter.look(charge.id)).paid_fen == 0


async def test_an_unknown_serial_brings_fresh_certificates_and_then_the_message_is_believed(
    installation: Installation, region_id: int, clock: SteeredClock, client: httpx2.AsyncClient
) -> None:
    async with counter_of("wechat_certificates", installation, region_id, clock, client) as counter:
        charge = await counter.charge()
        assert await counter.pay(charge)
        counter.desk.channel._wire._pay._core._certificates.clear()  # as after a restart, or a change of certificates
        [message] = await counter.desk.messages()
        assert await counter.deliver([message]) == [401]
        await counter.desk.channel.query_charge(str(charge.attempt_id))
        assert await counter.deliver([message]) == [200]
        assert (await counter.look(charge.id)).state == money.ChargeState.PAID


@pytest.mark.parametrize("desk_of", [wechat_desk, alipay_desk])
def test_no_bytes_at_all_bring_anything_but_a_refusal(desk_of: Callable[..., Any]) -> None:
    names = [f"wechatpay-{part}" for part in ("timestamp", "nonce", "signature", "serial", "signature-type")]
    with desk_of(lambda: MORNING) as desk:

        @settings(max_examples=200)
        @given(body=st.binary(max_size=300), values=st.lists(st.text(max_size=40), min_size=5, max_size=5))
        def refuse(body: bytes, values: list[str]) -> None:
            with pytest.raises(ForgedNotice):
                desk.channel.verify_notice(dict(zip(names, values, strict=True)), body, MORNING)
            with pytest.raises(ForgedNotice):
                desk.channel.verify_notice({}, b"sign_type=RSA2&notify_id=1&sign=" + base64.b64encode(body), MORNING)

        refuse()
