"""What every channel keeps to, and what the sandbox provider grants and refuses, over real HTTP bytes."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from linli.money.channels.interface import (
    Channel,
    ChannelRefused,
    ChannelTrouble,
    ChargeState,
    ForgedNotice,
    NoticeKind,
    RefundState,
)
from linli.money.channels.offline import OfflineChannel
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import Faults
from linli.money.channels.signing import SandboxKeys

from .conftest import NOON, World, world_of

ALWAYS = 10_000


async def no_of(call: object, code: str) -> None:
    with pytest.raises(ChannelRefused) as refused:
        await call  # type: ignore[misc]
    assert refused.value.provider_code == code
    assert refused.value.status == 409


@pytest.mark.rule("PAY-1")
@pytest.mark.parametrize("which", ["sandbox", "offline"])
async def test_every_channel_opens_closes_and_gives_back_quietly_when_asked_twice(world: World, which: str) -> None:
    channel: Channel = world.channel if which == "sandbox" else OfflineChannel()
    assert channel.name == which
    opened = await channel.open_charge(world.charge("C9"))
    assert opened == await channel.open_charge(world.charge("C9"))
    assert (await channel.query_charge("C9")).state is ChargeState.UNPAID
    await channel.close_charge("C9")
    await channel.close_charge("C9")
    await world.paid("C1")
    first = await channel.refund(world.give_back())
    assert first == await channel.refund(world.give_back())
    assert (first.state, first.amount_fen) == (RefundState.ACCEPTED, 1000)
    assert (await channel.query_refund("R1")).state is RefundState.ACCEPTED
    with pytest.raises(ForgedNotice) as forged:
        channel.verify_notice({}, b"{}", NOON)
    assert forged.value.status == 401


async def test_a_member_pays_and_the_shop_is_told_once(world: World) -> None:
    opened = await world.channel.open_charge(world.charge())
    assert opened.pay_url == f"{world.base_url}/sandbox/pay/{opened.pay_token}"
    paid_at = world.clock.now()
    answer = (await world.phone(opened.pay_token)).json()
    assert (answer["state"], answer["amount_fen"]) == ("paid", 2990)
    told = await world.channel.query_charge("C1")
    assert (told.state, told.amount_fen, told.paid_at) == (ChargeState.PAID, 2990, paid_at)
    assert await world.provider.deliver_due() == 1
    assert await world.provider.deliver_due() == 0
    [notice] = world.believed()
    assert (notice.kind, notice.channel_no, notice.refund_no) == (NoticeKind.PAID, "C1", None)
    assert (notice.amount_fen, notice.currency, notice.merchant) == (2990, "CNY", world.keys.merchant)
    assert (notice.provider_no, notice.happened_at) == (told.provider_no, paid_at)


async def test_a_charge_is_paid_at_most_once(world: World) -> None:
    opened = await world.channel.open_charge(world.charge())
    answers = await asyncio.gather(*(world.phone(opened.pay_token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"charge_paid"}
    await world.provider.deliver_due()
    assert len(world.shop.received) == 1
    await no_of(world.channel.open_charge(world.charge()), "charge_paid")
    await no_of(world.channel.close_charge("C1"), "charge_paid")
    assert (await world.channel.query_charge("C1")).state is ChargeState.PAID


@pytest.mark.rule("PAY-2")
async def test_a_closed_charge_takes_no_money_and_its_number_is_not_opened_again(world: World) -> None:
    opened = await world.channel.open_charge(world.charge())
    await world.channel.close_charge("C1")
    refused = await world.phone(opened.pay_token)
    assert (refused.status_code, refused.json()["code"]) == (409, "charge_closed")
    await no_of(world.channel.open_charge(world.charge()), "charge_closed")
    assert (await world.channel.query_charge("C1")).state is ChargeState.CLOSED
    assert await world.provider.deliver_due() == 0


async def test_an_expired_charge_takes_no_money(world: World) -> None:
    opened = await world.channel.open_charge(world.charge())
    world.wait(timedelta(minutes=30))
    assert (await world.phone(opened.pay_token)).json()["code"] == "charge_closed"
    assert (await world.channel.query_charge("C1")).state is ChargeState.CLOSED
    await no_of(world.channel.open_charge(world.charge()), "charge_closed")


async def test_a_number_stands_for_one_amount_only(world: World) -> None:
    await world.channel.open_charge(world.charge(fen=2990))
    await no_of(world.channel.open_charge(world.charge(fen=2991)), "number_reused")
    assert (await world.channel.query_charge("C1")).amount_fen == 2990


async def test_unknown_numbers_and_tokens_are_said_to_be_unknown(world: World) -> None:
    await no_of(world.channel.query_charge("nobody"), "charge_unknown")
    await no_of(world.channel.close_charge("nobody"), "charge_unknown")
    await no_of(world.channel.query_refund("nobody"), "refund_unknown")
    await no_of(world.channel.refund(world.give_back(of="nobody")), "charge_unknown")
    assert (await world.phone("nobody")).status_code == 404


@pytest.mark.parametrize("fen", [0, -1, 10**13 + 1])
async def test_an_impossible_amount_is_refused(world: World, fen: int) -> None:
    await no_of(world.channel.open_charge(world.charge(fen=fen)), "unreadable")
    await no_of(world.channel.query_charge("C1"), "charge_unknown")


@pytest.mark.parametrize("number", ["", "a b", "券1", "x" * 65, "../pay", "a\n"])
async def test_an_impossible_number_is_refused(world: World, number: str) -> None:
    with pytest.raises(ChannelRefused):
        await world.channel.open_charge(world.charge(number))


@pytest.mark.rule("PAY-6")
async def test_a_refund_is_accepted_then_done_and_told(world: World) -> None:
    await world.paid()
    answer = await world.channel.refund(world.give_back())
    assert answer.state is RefundState.ACCEPTED
    world.wait(timedelta(seconds=3))
    done = await world.channel.query_refund("R1")
    assert (done.state, done.done_at, done.provider_no) == (RefundState.DONE, world.clock.now(), answer.provider_no)
    assert (await world.channel.refund(world.give_back())).state is RefundState.DONE
    await world.provider.deliver_due()
    paid, refunded = world.believed()
    assert (paid.kind, refunded.kind) == (NoticeKind.PAID, NoticeKind.REFUNDED)
    assert (refunded.refund_no, refunded.channel_no, refunded.amount_fen) == ("R1", "C1", 1000)
    assert refunded.provider_no == answer.provider_no


@pytest.mark.rule("PAY-6")
async def test_never_more_goes_back_than_was_paid(world: World) -> None:
    await world.paid()
    await world.channel.refund(world.give_back("R1", 2000))
    world.wait(timedelta(minutes=1))
    await no_of(world.channel.refund(world.give_back("R2", 991)), "refund_exceeds_paid")
    await no_of(world.channel.query_refund("R2"), "refund_unknown")
    await world.channel.refund(world.give_back("R3", 990))
    world.wait(timedelta(minutes=1))
    await no_of(world.channel.refund(world.give_back("R4", 1)), "refund_exceeds_paid")


async def test_a_refund_number_stands_for_one_refund_only(world: World) -> None:
    await world.paid()
    await world.channel.refund(world.give_back("R1", 1000))
    await no_of(world.channel.refund(world.give_back("R1", 1001)), "number_reused")
    await no_of(world.channel.refund(world.give_back("R1", 1000, of="C2")), "number_reused")
    assert (await world.channel.query_refund("R1")).amount_fen == 1000


async def test_refunds_of_unpaid_charges_and_with_a_wrong_total_are_refused(world: World) -> None:
    await world.channel.open_charge(world.charge("C2"))
    await no_of(world.channel.refund(world.give_back(of="C2")), "charge_not_paid")
    await world.paid("C1")
    await no_of(world.channel.refund(world.give_back(total=3000)), "total_mismatch")
    await no_of(world.channel.query_refund("R1"), "refund_unknown")


@pytest.mark.rule("PAY-10")
async def test_the_providers_limits_on_refunds_hold() -> None:
    async with world_of() as world:
        await world.paid(fen=10_000)
        await world.channel.refund(world.give_back("R0", 1, 10_000))
        for n in range(1, 50):
            with pytest.raises(ChannelTrouble):  # too soon: to be tried again with the same number
                await world.channel.refund(world.give_back(f"R{n}", 1, 10_000))
            world.wait(timedelta(minutes=1))
            await world.channel.refund(world.give_back(f"R{n}", 1, 10_000))
        world.wait(timedelta(minutes=1))
        await no_of(world.channel.refund(world.give_back("R50", 1, 10_000)), "too_many_refunds")
        await world.paid("C2")
        world.wait(timedelta(days=365, seconds=1))
        await no_of(world.channel.refund(world.give_back("late", of="C2")), "refund_too_late")


async def test_a_refund_that_fails_is_told_and_its_money_can_be_given_back_under_a_new_number() -> None:
    async with world_of(faults=Faults(fail_refund=ALWAYS)) as world:
        await world.paid()
        await world.channel.refund(world.give_back("R1", 2990))
        world.wait(timedelta(minutes=1))
        assert (await world.channel.query_refund("R1")).state is RefundState.FAILED
        await world.provider.deliver_due()
        assert [notice.kind for notice in world.believed()] == [NoticeKind.PAID, NoticeKind.REFUND_FAILED]
        world.provider.faults = Faults()
        assert (await world.channel.refund(world.give_back("R1", 2990))).state is RefundState.FAILED
        assert (await world.channel.refund(world.give_back("R2", 2990))).state is RefundState.ACCEPTED


async def test_a_refund_refused_for_now_goes_through_later_with_the_same_number() -> None:
    async with world_of(faults=Faults(refuse_refund=ALWAYS)) as world:
        await world.paid()
        await no_of(world.channel.refund(world.give_back()), "balance_too_low")
        await no_of(world.channel.query_refund("R1"), "refund_unknown")
        world.provider.faults = Faults()
        assert (await world.channel.refund(world.give_back())).state is RefundState.ACCEPTED


async def test_a_slow_refund_takes_hours_and_is_done_in_the_end() -> None:
    async with world_of(faults=Faults(slow_refund=ALWAYS)) as world:
        await world.paid()
        await world.channel.refund(world.give_back())
        await world.provider.deliver_due()
        world.wait(timedelta(minutes=1))
        assert (await world.channel.query_refund("R1")).state is RefundState.ACCEPTED
        due = world.provider.next_due()
        assert due is not None
        assert due > world.clock.now()
        world.clock.set(due)
        assert (await world.channel.query_refund("R1")).state is RefundState.DONE


@pytest.mark.rule("S2")
async def test_after_a_lost_answer_the_same_number_asks_again_and_nothing_is_done_twice() -> None:
    async with world_of(faults=Faults(lost_answer=ALWAYS)) as world:
        with pytest.raises(ChannelTrouble) as trouble:
            await world.channel.open_charge(world.charge())
        assert trouble.value.status == 503
        world.provider.faults = Faults()
        opened = await world.channel.open_charge(world.charge())
        await world.phone(opened.pay_token)
        world.provider.faults = Faults(lost_answer=ALWAYS)
        with pytest.raises(ChannelTrouble):
            await world.channel.refund(world.give_back("R1", 2990))
        world.provider.faults = Faults()
        assert (await world.channel.refund(world.give_back("R1", 2990))).state is RefundState.ACCEPTED
        world.wait(timedelta(seconds=3))
        await world.provider.deliver_due()
        assert [notice.kind for notice in world.believed()] == [NoticeKind.PAID, NoticeKind.REFUNDED]


async def test_answers_lost_half_the_time_arrive_after_a_few_tries() -> None:
    async with world_of(faults=Faults(seed=3, lost_answer=5000)) as world:
        lost = 0
        for number in range(20):
            while True:
                try:
                    await world.channel.open_charge(world.charge(f"C{number}"))
                    break
                except ChannelTrouble:
                    lost += 1
        assert 5 <= lost <= 60


async def test_a_provider_that_is_away_leaves_the_outcome_open() -> None:
    async with world_of() as world, httpx2.AsyncClient(timeout=0.5) as http:
        away = SandboxChannel(
            world.keys.for_merchant(), http=http, base_url="http://127.0.0.1:9", clock=world.clock.now
        )
        with pytest.raises(ChannelTrouble):
            await away.open_charge(world.charge())


async def test_a_stranger_cannot_ask_in_our_name(world: World) -> None:
    stranger = SandboxChannel(
        SandboxKeys.from_seed("stranger").for_merchant(),
        http=world.http,
        base_url=world.base_url,
        clock=world.clock.now,
    )
    with pytest.raises(ChannelTrouble):  # it does not know the provider's key either, so it believes no answer
        await stranger.open_charge(world.charge())
    await no_of(world.channel.query_charge("C1"), "charge_unknown")


async def test_a_merchant_whose_clock_is_wrong_is_refused() -> None:
    async with world_of() as world:
        slow = SandboxChannel(
            world.keys.for_merchant(),
            http=world.http,
            base_url=world.base_url,
            clock=lambda: world.clock.now() - timedelta(minutes=6),
        )
        with pytest.raises(ChannelTrouble):
            await slow.open_charge(world.charge())
        await no_of(world.channel.query_charge("C1"), "charge_unknown")
