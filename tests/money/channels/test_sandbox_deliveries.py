"""How the sandbox provider carries its notices: again until heard, and, on bad days, twice, late, turned or wrong."""

import asyncio
import stat
import threading
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from linli.money.channels.interface import ChargeState, NoticeKind, RefundState
from linli.money.channels.sandbox_provider import Delivery, Faults, over_http
from linli.money.channels.signing import SandboxKeys

from .conftest import NOON, World, world_of

ALWAYS = 10_000


async def run_dry(world: World, until: timedelta = timedelta(days=5)) -> list[timedelta]:
    """Step the clock from event to event; gives the times at which the shop heard something, since the start."""
    heard: list[timedelta] = []
    while (due := world.provider.next_due()) and due <= NOON + until:
        world.clock.set(max(due, world.clock.now()))
        before = len(world.shop.received)
        await world.provider.deliver_due()
        heard += [world.clock.now() - NOON] * (len(world.shop.received) - before)
    return heard


@pytest.mark.rule("S6")
async def test_a_deaf_shop_is_told_again_with_growing_gaps_and_then_no_more(world: World) -> None:
    world.shop.status = 500
    await world.paid()
    heard = await run_dry(world)
    seconds = [int(at.total_seconds()) for at in heard]
    assert seconds[:6] == [0, 15, 30, 60, 240, 840]
    assert len(heard) == 16
    assert timedelta(hours=23) < heard[-1] < timedelta(hours=25)
    assert world.provider.count_notices() == {"given_up": 1}
    bodies = {body for _, body in world.shop.received}
    assert len(bodies) == 1, "the same notice, though each attempt is signed anew"
    assert world.channel.verify_notice(*world.shop.received[-1], world.clock.now()).kind is NoticeKind.PAID
    assert (await world.channel.query_charge("C1")).state is ChargeState.PAID


@pytest.mark.rule("S6")
async def test_a_shop_that_wakes_up_is_told_and_then_left_alone() -> None:
    async with world_of() as world:
        world.shop.status = 503
        await world.paid()
        await world.provider.deliver_due()
        assert await world.provider.deliver_due() == 0
        world.shop.status = 204
        world.wait(timedelta(seconds=15))
        assert await world.provider.deliver_due() == 1
        assert await run_dry(world) == []
        assert world.provider.count_notices() == {"delivered": 1}


async def test_a_shop_that_cannot_be_reached_is_tried_again() -> None:
    async with httpx2.AsyncClient(timeout=0.5) as client:
        deliver = over_http(client)
        assert await deliver(Delivery("http://127.0.0.1:9/", {}, b"", "N1", 1)) == 0
        assert await deliver(Delivery("http://[bad", {}, b"", "N1", 1)) == 0


@pytest.mark.rule("PAY-3")
async def test_a_doubled_notice_carries_one_id() -> None:
    async with world_of(faults=Faults(double=ALWAYS)) as world:
        await world.paid()
        assert len(await run_dry(world)) == 2
        first, second = world.shop.received
        assert first[1] == second[1]
        once, twice = world.believed()
        assert once == twice


@pytest.mark.rule("PAY-3")
async def test_a_late_notice_still_says_when_it_happened() -> None:
    async with world_of(faults=Faults(late=ALWAYS)) as world:
        await world.paid()
        [heard] = await run_dry(world)
        assert timedelta(seconds=1) <= heard <= timedelta(hours=2)
        [notice] = world.believed()
        assert notice.happened_at == NOON


@pytest.mark.rule("PAY-3")
async def test_notices_come_out_of_order() -> None:
    async with world_of(faults=Faults(out_of_order=ALWAYS)) as world:
        await world.paid("C1")
        assert await world.provider.deliver_due() == 0
        world.provider.faults = Faults()
        await world.channel.refund(world.give_back())
        world.wait(timedelta(seconds=3))
        assert await world.provider.deliver_due() == 2
        assert [notice.kind for notice in world.believed()] == [NoticeKind.REFUNDED, NoticeKind.PAID]


async def test_a_held_notice_without_followers_comes_after_ten_minutes() -> None:
    async with world_of(faults=Faults(out_of_order=ALWAYS)) as world:
        await world.paid()
        assert await run_dry(world) == [timedelta(minutes=10)]


@pytest.mark.rule("PAY-3")
async def test_a_notice_with_a_wrong_amount_is_signed_and_contradicts_the_query() -> None:
    async with world_of(faults=Faults(wrong_amount=ALWAYS)) as world:
        await world.paid()
        await world.provider.deliver_due()
        [notice] = world.believed()
        assert notice.amount_fen == 2991
        assert (await world.channel.query_charge("C1")).amount_fen == 2990


@pytest.mark.rule("PAY-3")
async def test_a_payer_who_pays_another_amount_shows_in_notice_and_query() -> None:
    async with world_of() as world:
        opened = await world.channel.open_charge(world.charge())
        assert (await world.phone(opened.pay_token, b'{"amount_fen": 1}')).json()["amount_fen"] == 1
        await world.provider.deliver_due()
        assert world.believed()[0].amount_fen == 1
        assert (await world.channel.query_charge("C1")).amount_fen == 1
        assert (await world.channel.refund(world.give_back(fen=1, total=1))).state is RefundState.ACCEPTED


@pytest.mark.parametrize(
    "content", [b"{", b'{"amount_fen": -1}', b'{"amount_fen": 1.5}', b"[]", b"\xff", b"x" * 70_000]
)
async def test_a_phone_that_talks_nonsense_pays_nothing(content: bytes) -> None:
    async with world_of() as world:
        opened = await world.channel.open_charge(world.charge())
        assert (await world.phone(opened.pay_token, content)).status_code in (400, 413)
        assert (await world.channel.query_charge("C1")).state is ChargeState.UNPAID


async def test_a_person_pays_by_hand_on_a_chinese_page() -> None:
    async with world_of() as world:
        opened = await world.channel.open_charge(world.charge(fen=2905))
        page = await world.http.get(opened.pay_url)
        assert page.status_code == 200
        assert "¥29.05" in page.text
        assert "确认支付" in page.text
        assert "阳光玫瑰" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        paid = await world.http.post(opened.pay_url, data={"ok": "1"})
        assert paid.status_code == 200
        assert "已支付" in paid.text
        again = await world.http.post(opened.pay_url, data={"ok": "1"})
        assert again.status_code == 409
        assert "已支付" in again.text
        assert "已支付" in (await world.http.get(opened.pay_url)).text
        assert (await world.http.get(f"{world.base_url}/sandbox/pay/nobody")).status_code == 404
        assert (await world.channel.query_charge("C1")).amount_fen == 2905


async def test_a_description_cannot_write_into_the_page() -> None:
    async with world_of() as world:
        wish = world.charge()
        object.__setattr__(wish, "description", "<script>{x}</script>")
        page = await world.http.get((await world.channel.open_charge(wish)).pay_url)
        assert "<script>" not in page.text
        assert "&lt;script&gt;{x}" in page.text


@pytest.mark.rule("S2")
async def test_a_restarted_provider_still_knows_charges_refunds_and_notices(tmp_path: Path) -> None:
    file = tmp_path / "provider" / "state.db"
    async with world_of(state_path=file) as world:
        await world.paid()
        await world.channel.refund(world.give_back())
        unpaid = await world.channel.open_charge(world.charge("C2"))
    async with world_of(state_path=file) as world:
        assert (await world.channel.query_charge("C1")).state is ChargeState.PAID
        assert await world.channel.open_charge(world.charge("C2")) == unpaid
        world.wait(timedelta(seconds=3))
        assert await world.provider.deliver_due() == 2
        assert [notice.kind for notice in world.believed()] == [NoticeKind.PAID, NoticeKind.REFUNDED]


async def test_two_processes_on_one_file_take_one_payment_and_tell_it_once(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    async with world_of(state_path=file) as one, world_of(state_path=file) as two:
        opened = await one.channel.open_charge(one.charge())
        answers = await asyncio.gather(one.phone(opened.pay_token), two.phone(opened.pay_token))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        await asyncio.gather(one.provider.deliver_due(), two.provider.deliver_due())
        assert len(one.shop.received) + len(two.shop.received) == 1


async def test_two_processes_at_the_very_same_moment_take_each_payment_once(tmp_path: Path) -> None:
    file, numbers = tmp_path / "state.db", [f"C{n}" for n in range(60)]
    async with world_of(state_path=file) as world:
        tokens = [(await world.channel.open_charge(world.charge(number))).pay_token for number in numbers]
    together = threading.Barrier(2)

    async def one_process() -> int:
        async with world_of(state_path=file) as here:
            taken = 0
            for token in tokens:
                together.wait(10)
                taken += (await here.phone(token)).status_code == 200
            return taken

    both = await asyncio.gather(*(asyncio.to_thread(asyncio.run, one_process()) for _ in range(2)))
    assert sum(both) == len(numbers)
    async with world_of(state_path=file) as world:
        assert await world.provider.deliver_due() == len(numbers)


async def test_the_same_seed_makes_the_same_day() -> None:
    async def day(seed: int) -> list[tuple[timedelta, str, int]]:
        faults = Faults(seed, double=3000, late=3000, out_of_order=3000, wrong_amount=1000, slow_refund=5000)
        async with world_of(faults=faults) as world:
            for number in range(12):
                await world.paid(f"C{number}")
                await world.channel.refund(world.give_back(f"R{number}", of=f"C{number}"))
                world.wait(timedelta(seconds=40))
            heard = await run_dry(world)
            told = []
            for at, (headers, body) in zip(heard, world.shop.received, strict=True):
                notice = world.channel.verify_notice(headers, body, NOON + at)
                told.append((at, notice.notice_id, notice.amount_fen))
            return told

    first, again, other = await day(1), await day(1), await day(2)
    assert first == again
    assert first != other
    assert len(first) > 24
    assert len({notice_id for _, notice_id, _ in first}) == 24


@pytest.mark.parametrize("rate", [-1, 10_001, 0.5, True])
async def test_rates_are_whole_basis_points(rate: object) -> None:
    with pytest.raises(ValueError, match="basis points"):
        Faults(double=rate)  # type: ignore[arg-type]


async def test_a_running_provider_delivers_by_itself(world: World) -> None:
    task = asyncio.create_task(world.provider.run(every_seconds=0.01))
    await world.paid()
    for _ in range(300):
        if world.shop.received:
            break
        await asyncio.sleep(0.01)
    task.cancel()
    assert [notice.kind for notice in world.believed()] == [NoticeKind.PAID]


async def test_keys_are_kept_private_and_made_only_once(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys = SandboxKeys.kept_in(folder)
    again = SandboxKeys.kept_in(folder)
    assert (again.merchant, again.seal_key) == (keys.merchant, keys.seal_key)
    assert again.provider_key.private_bytes_raw() == keys.provider_key.private_bytes_raw()
    assert [entry.name for entry in folder.iterdir()] == ["sandbox.keys"]
    assert stat.S_IMODE((folder / "sandbox.keys").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        SandboxKeys.generate().to_files(folder)
    assert SandboxKeys.from_files(folder).seal_key == keys.seal_key
    assert [entry.name for entry in folder.iterdir()] == ["sandbox.keys"]
    assert keys.seal_key.hex() not in repr(keys)
    assert "key=" not in repr(keys.for_merchant())
    assert SandboxKeys.generate().seal_key != SandboxKeys.generate().seal_key
    assert SandboxKeys.from_seed(1).seal_key == SandboxKeys.from_seed(1).seal_key


@pytest.mark.parametrize(
    "text", ["", "shop", "shop aa bb cc", "shop\nzz\nzz\nzz", "a/b " + "00" * 32 + " " + "00" * 32]
)
async def test_broken_key_files_are_said_to_be_broken(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox.keys").write_text(text)
    with pytest.raises(ValueError):
        SandboxKeys.from_files(tmp_path)
