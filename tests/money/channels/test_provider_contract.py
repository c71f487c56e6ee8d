"""What every provider's adapter and its local server agree on, operation by operation, over real HTTP."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from linli.money.channels.interface import (
    ChannelRefused,
    ChannelTrouble,
    ChargeRequest,
    ChargeState,
    NoticeKind,
    RefundRequest,
    RefundState,
    Scene,
    ShippingRequest,
    TransferRequest,
    TransferState,
)
from linli.platform.clock import SteeredClock
from tests.fakes.desks import KINDS, Desk, alipay_desk, desk_of, wechat_desk
from tests.fakes.wechat import MERCHANT

pytestmark = pytest.mark.rule("PAY-1")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HOOK = "http://shop.test/hooks"


@pytest.fixture
def now() -> SteeredClock:
    return SteeredClock(NOON)


@pytest.fixture(params=KINDS)
async def desk(request: pytest.FixtureRequest, now: SteeredClock) -> AsyncIterator[Desk]:
    async with desk_of(request.param, now.now) as opened:
        yield opened


def charge(desk: Desk, number: str = "100001", fen: int = 2990) -> ChargeRequest:
    until = NOON + timedelta(minutes=30)
    return ChargeRequest(number, fen, "阳光玫瑰 1 箱", until, HOOK, desk.scene, desk.payer)


def give_back(number: str = "200001", fen: int = 990, total: int = 2990, of: str = "100001") -> RefundRequest:
    return RefundRequest(number, of, fen, total, "坏果", HOOK)


async def refused(call: Awaitable[Any], code: str) -> None:
    with pytest.raises(ChannelRefused) as no:
        await call
    assert no.value.provider_code == code


async def paid(desk: Desk, number: str = "100001", fen: int = 2990) -> None:
    assert await desk.pay(await desk.channel.open_charge(charge(desk, number, fen)))


async def test_a_charge_is_opened_once_however_often_it_is_asked(desk: Desk) -> None:
    first = await desk.channel.open_charge(charge(desk))
    again = await desk.channel.open_charge(charge(desk))
    assert (first.channel_no, first.pay_token) == (again.channel_no, again.pay_token)
    assert first.pay_url or first.pay_params
    assert (await desk.channel.query_charge("100001")).state is ChargeState.UNPAID


async def test_what_was_paid_is_told_and_can_be_asked(desk: Desk) -> None:
    await paid(desk)
    said = await desk.channel.query_charge("100001")
    assert (said.state, said.amount_fen, said.paid_at) == (ChargeState.PAID, 2990, NOON)
    [(headers, body)] = await desk.messages()
    told = desk.channel.verify_notice(headers, body, NOON)
    assert (told.kind, told.channel_no, told.refund_no) == (NoticeKind.PAID, "100001", None)
    assert (told.amount_fen, told.currency, told.happened_at) == (2990, "CNY", NOON)
    assert told.provider_no == said.provider_no
    assert told.notice_id


@pytest.mark.rule("PAY-2")
async def test_money_that_came_first_is_not_closed_away(desk: Desk) -> None:
    await paid(desk)
    await refused(desk.channel.close_charge("100001"), "charge_paid")
    assert (await desk.channel.query_charge("100001")).state is ChargeState.PAID


async def test_a_closed_charge_cannot_be_paid_and_closing_twice_is_quiet(desk: Desk) -> None:
    opened = await desk.channel.open_charge(charge(desk))
    await desk.comes(opened)
    await desk.channel.close_charge("100001")
    await desk.channel.close_charge("100001")
    assert not await desk.pays(opened, None)
    assert (await desk.channel.query_charge("100001")).state is ChargeState.CLOSED


async def test_an_unknown_charge_is_refused_or_not_begun(desk: Desk) -> None:
    if desk.name == "alipay":
        assert (await desk.channel.query_charge("199999")).state is ChargeState.UNPAID
        await desk.channel.close_charge("199999")
    else:
        await refused(desk.channel.query_charge("199999"), "charge_unknown")
        await refused(desk.channel.close_charge("199999"), "charge_unknown")


@pytest.mark.rule("PAY-10")
async def test_a_refund_repeated_under_its_number_pays_back_once(desk: Desk) -> None:
    await paid(desk)
    await desk.messages()
    first = await desk.channel.refund(give_back())
    again = await desk.channel.refund(give_back())
    assert (first.refund_no, first.amount_fen, again.amount_fen) == ("200001", 990, 990)
    await desk.messages()
    assert (await desk.channel.query_charge("100001")).state is ChargeState.PAID
    await refused(desk.channel.refund(give_back(fen=991)), "number_reused")


@pytest.mark.rule("PAY-6")
async def test_more_than_was_paid_never_goes_back(desk: Desk, now: SteeredClock) -> None:
    await paid(desk)
    await desk.channel.refund(give_back("200001", 2000))
    now.set(NOON + timedelta(minutes=2))
    await refused(desk.channel.refund(give_back("200002", 991)), "refund_exceeds_paid")
    await desk.channel.refund(give_back("200003", 990))


@pytest.mark.rule("PAY-10")
async def test_a_year_later_the_provider_gives_nothing_back(desk: Desk, now: SteeredClock) -> None:
    await paid(desk)
    now.set(NOON + timedelta(days=365, seconds=1))
    await refused(desk.channel.refund(give_back()), "refund_too_late")


async def test_what_was_never_paid_or_opened_is_not_given_back(desk: Desk) -> None:
    await desk.comes(await desk.channel.open_charge(charge(desk)))
    await refused(desk.channel.refund(give_back()), "charge_not_paid")
    await refused(desk.channel.refund(give_back(of="199999")), "charge_unknown")
    await refused(desk.channel.query_refund("299999", "100001"), "refund_unknown")


async def test_a_settled_refund_is_done(desk: Desk, now: SteeredClock) -> None:
    await paid(desk)
    await desk.messages()
    await desk.channel.refund(give_back())
    now.set(NOON + timedelta(seconds=10))
    messages = await desk.messages()
    said = await desk.channel.query_refund("200001", "100001")
    assert (said.state, said.amount_fen) == (RefundState.DONE, 990)
    kinds = [desk.channel.verify_notice(*message, now.now()).kind for message in messages]
    assert kinds == [NoticeKind.SEEN if desk.name == "alipay" else NoticeKind.REFUNDED]


async def test_a_lost_answer_is_trouble_and_asking_again_does_nothing_twice(desk: Desk, now: SteeredClock) -> None:
    if desk.weather is None:
        pytest.skip("the sandbox has its own test of lost answers")
    await paid(desk)
    desk.weather.lose_answers = 1
    with pytest.raises(ChannelTrouble):
        await desk.channel.refund(give_back())
    assert desk.weather.lost == 1
    await desk.channel.refund(give_back())
    [trade] = desk.provider.trades.values()
    assert len(trade.refunds) == 1


# ---- WeChat alone


@pytest.mark.parametrize("scene", [Scene.MINI, Scene.JSAPI, Scene.H5, Scene.NATIVE])
async def test_wechat_gives_each_scene_what_the_phone_needs(now: SteeredClock, scene: Scene) -> None:
    with wechat_desk(now.now, scene=scene) as desk:
        opened = await desk.channel.open_charge(charge(desk))
        if scene in (Scene.H5, Scene.NATIVE):
            assert opened.pay_url.startswith("https://wx.tenpay.com" if scene is Scene.H5 else "weixin://")
            return
        params = opened.pay_params
        said = "\n".join(params[name] for name in ("appId", "timeStamp", "nonceStr", "package")) + "\n"
        key = desk.provider.merchant_key.public_key()
        key.verify(base64.b64decode(params["paySign"]), said.encode(), padding.PKCS1v15(), hashes.SHA256())
        await refused(desk.channel.open_charge(ChargeRequest("100002", 1, "x", NOON, HOOK, scene, "")), "payer_missing")


@pytest.mark.parametrize("scene", [Scene.PAGE, Scene.H5, Scene.APP])
async def test_alipay_gives_each_scene_words_that_the_payer_carries(now: SteeredClock, scene: Scene) -> None:
    with alipay_desk(now.now, scene=scene) as desk:
        opened = await desk.channel.open_charge(charge(desk))
        assert bool(opened.pay_url) == (scene is not Scene.APP)
        assert await desk.pay(opened)


async def test_wechat_is_asked_under_a_signature_that_it_proves(now: SteeredClock) -> None:
    with wechat_desk(now.now) as desk:
        await paid(desk)
        assert desk.provider.asked
        assert all(good for _, _, good in desk.provider.asked)
        desk.provider.merchant_key = desk.provider.key  # a key that WeChat does not know us by
        with pytest.raises(ChannelTrouble):
            await desk.channel.query_charge("100001")


async def test_an_answer_that_wechat_did_not_sign_is_not_believed(now: SteeredClock) -> None:
    with wechat_desk(now.now) as desk:
        await paid(desk)
        desk.provider.key = desk.provider.merchant_key
        with pytest.raises(ChannelTrouble):
            await desk.channel.query_charge("100001")


@pytest.mark.rule("PAY-10")
async def test_wechat_wants_a_minute_between_refunds_and_fifty_at_most(now: SteeredClock) -> None:
    with wechat_desk(now.now) as desk:
        await paid(desk)
        await desk.channel.refund(give_back("200000", 1))
        with pytest.raises(ChannelTrouble):  # not a no: the same number goes again later
            await desk.channel.refund(give_back("200001", 1))
        for number in range(1, 50):
            now.set(NOON + timedelta(minutes=2 * number))
            await desk.channel.refund(give_back(f"{200000 + number}", 1))
        now.set(NOON + timedelta(hours=3))
        await refused(desk.channel.refund(give_back("200050", 1)), "too_many_refunds")


async def test_an_abnormal_refund_is_stuck_and_a_closed_one_has_failed(now: SteeredClock) -> None:
    for word, state, kind in (
        ("ABNORMAL", RefundState.STUCK, NoticeKind.REFUND_STUCK),
        ("CLOSED", RefundState.FAILED, NoticeKind.REFUND_FAILED),
    ):
        with wechat_desk(now.now) as desk:
            await paid(desk)
            await desk.messages()
            await desk.channel.refund(give_back())
            desk.provider.refund_ends = word
            [(headers, body)] = await desk.messages()
            assert desk.channel.verify_notice(headers, body, NOON).kind is kind
            assert (await desk.channel.query_refund("200001")).state is state


async def test_a_transfer_waits_for_its_payee_and_is_never_doubled(now: SteeredClock) -> None:
    with wechat_desk(now.now) as desk:
        wish = TransferRequest("300001", "o-leader", 250_000, "11 月佣金", HOOK, "王大姐")
        first = await desk.channel.transfer(wish)
        assert (first.state, first.confirm_with) == (TransferState.WAITING, "pkg-300001")
        assert await desk.channel.transfer(wish) == first
        assert desk.provider.transfers["300001"]["user_name"] == "王大姐"
        await refused(desk.channel.transfer(TransferRequest("300001", "o-leader", 1_000, "x", HOOK)), "number_reused")
        desk.provider.confirm("300001")
        assert (await desk.channel.query_transfer("300001")).state is TransferState.DONE
        await refused(desk.channel.cancel_transfer("300001"), "transfer_final")
        await refused(desk.channel.query_transfer("399999"), "transfer_unknown")
        await desk.channel.transfer(TransferRequest("300002", "o-leader", 1_000, "x", HOOK))
        await desk.channel.cancel_transfer("300002")
        assert (await desk.channel.query_transfer("300002")).state is TransferState.CANCELLED


@pytest.mark.rule("PAY-9")
async def test_a_hand_over_is_told_once_and_with_a_fresh_token(now: SteeredClock) -> None:
    with wechat_desk(now.now) as desk:
        await paid(desk)
        number = (await desk.channel.query_charge("100001")).provider_no
        wish = ShippingRequest(number, desk.payer, "丑苹果等 3 件", NOON)
        await desk.channel.upload_shipping(wish)
        desk.provider.token = "tok-1"  # somebody renewed it
        await desk.channel.upload_shipping(wish)
        [shipped] = desk.provider.shipped.values()
        assert shipped["logistics_type"] == 4
        assert shipped["shipping_list"] == [{"item_desc": "丑苹果等 3 件"}]
        with pytest.raises(ChannelTrouble):
            await desk.channel.upload_shipping(ShippingRequest("4200nobody", desk.payer, "x", NOON))


@pytest.mark.rule("PAY-7")
@pytest.mark.parametrize("kind", ["wechat", "wechat_certificates", "alipay"])
async def test_the_bill_of_a_day_comes_packed_when_it_is_ready(kind: str, now: SteeredClock) -> None:
    async with desk_of(kind, now.now) as desk:
        await paid(desk)
        await refused(desk.channel.bill(date(2026, 11, 23)), "bill_not_ready")
        now.set(NOON + timedelta(days=1))
        assert (await desk.channel.bill(date(2026, 11, 23)))[:2] == (b"PK" if kind == "alipay" else b"\x1f\x8b")
        assert await desk.channel.bill(date(2026, 11, 22)) == b""


async def test_no_payload_reaches_a_log(now: SteeredClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with wechat_desk(now.now) as desk, alipay_desk(now.now) as other:
        for each in (desk, other):
            await paid(each)
            each.weather.lose_answers = 1
            with pytest.raises(ChannelTrouble):
                await each.channel.refund(give_back())
    told = caplog.text
    assert not any(secret in told for secret in ("100001", "o-payer-1", MERCHANT, "阳光玫瑰", "坏果", "sign="))
