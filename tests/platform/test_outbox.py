"""Facts and wishes are carried out once, come back after a failure, and are parked where an operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from linli.kernel.facts import Fact, Wish
from linli.platform import outbox
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.jobs import Runner, carries
from linli.platform.outbox import when

seen: list[tuple[str, int, int]] = []
broken: set[int] = set()


@dataclass(frozen=True)
class BellRang(Fact):
    name: ClassVar[str] = "test.bell_rang"
    number: int


@dataclass(frozen=True)
class RingBell(Wish):
    name: ClassVar[str] = "test.ring_bell"
    patience: ClassVar[int] = 3
    number: int


@when(BellRang)
async def hear(tx: Tx, fact: BellRang) -> None:
    seen.append(("heard", tx.region_id, fact.number))


@when(BellRang)
async def stumble(tx: Tx, fact: BellRang) -> None:
    if tx.region_id in broken:
        raise RuntimeError("stumbled")
    seen.append(("walked", tx.region_id, fact.number))


@when(BellRang)
async def answer(tx: Tx, fact: BellRang) -> None:
    await tx.enqueue(RingBell(fact.number))


@carries(RingBell)
async def ring(installation: Installation, region_id: int, wish: RingBell) -> None:
    seen.append(("rang", region_id, wish.number))
    if wish.number < 0:
        raise ConnectionError("the bell does not answer")


def of(region_id: int) -> list[tuple[str, int]]:
    return [(what, number) for what, region, number in seen if region == region_id]


async def announce(installation: Installation, region_id: int, *numbers: int) -> None:
    async with installation.db.transaction(region_id, by="test") as tx:
        await tx.announce(*[BellRang(number) for number in numbers])


async def status(installation: Installation, region_id: int) -> dict[str, int]:
    async with installation.db.transaction(region_id, by="test") as tx:
        return {f"{kind} {state}": n for (kind, state), n in (await outbox.counts(tx)).items()}


async def test_each_reaction_and_job_runs_once_per_fact(installation: Installation, region_id: int) -> None:
    await announce(installation, region_id, 1, 2)
    await installation.runner.drain(regions=[region_id])
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == [("heard", 1), ("walked", 1), ("heard", 2), ("walked", 2), ("rang", 1), ("rang", 2)]


async def test_a_fact_that_was_rolled_back_is_never_heard(installation: Installation, region_id: int) -> None:
    with pytest.raises(ZeroDivisionError):
        async with installation.db.transaction(region_id, by="test") as tx:
            await tx.announce(BellRang(1))
            raise ZeroDivisionError
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == []


async def test_two_runners_at_once_react_once(installation: Installation, region_id: int) -> None:
    import asyncio

    await announce(installation, region_id, *range(20))
    runners = [installation.runner, *[Runner.beside(installation.runner) for _ in range(3)]]
    await asyncio.gather(*[runner.pass_outbox([region_id]) for runner in runners])
    await installation.runner.drain(regions=[region_id])
    assert sorted(of(region_id)) == sorted([(w, n) for n in range(20) for w in ("heard", "walked", "rang")])


async def test_a_stumbling_reaction_stops_no_other_and_is_parked_after_five_failures(
    installation: Installation, region_id: int, clock: SteeredClock
) -> None:
    broken.add(region_id)
    await announce(installation, region_id, 7)
    for _ in range(6):
        await installation.runner.drain(regions=[region_id])
        clock.set(clock.now() + timedelta(hours=1))
    assert of(region_id) == [("heard", 7), ("rang", 7)]
    async with installation.db.transaction(region_id, by="test") as tx:
        [row] = await outbox.parked(tx)
        assert (row.attempts, row.name) == (5, "test.bell_rang")
        assert "stumbled" in row.error
        broken.discard(region_id)
        assert await outbox.release(tx, row.id)
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == [("heard", 7), ("rang", 7), ("walked", 7)]


async def test_a_job_that_fails_comes_back_and_is_parked_when_its_patience_ends(
    installation: Installation, region_id: int, clock: SteeredClock
) -> None:
    async with installation.db.transaction(region_id, by="test") as tx:
        await tx.enqueue(RingBell(-1))
    for _ in range(5):
        await installation.runner.drain(regions=[region_id])
        clock.set(clock.now() + timedelta(hours=1))
    assert of(region_id) == [("rang", -1)] * 3
    async with installation.db.transaction(region_id, by="test") as tx:
        assert [row.error for row in await outbox.parked(tx)] == [
            "test.ring_bell: ConnectionError: the bell does not answer"
        ]


async def test_a_wish_whose_worker_was_killed_is_queued_again(
    installation: Installation, region_id: int, clock: SteeredClock
) -> None:
    async with installation.db.transaction(region_id, by="test") as tx:
        await tx.enqueue(RingBell(5))
        [row] = await outbox.due_rows(tx)
    async with installation.db.transaction(region_id, by="test") as tx:
        await outbox.mark_queued(tx, {row.id: row.attempts})  # the job itself was lost
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == []
    clock.set(clock.now() + timedelta(minutes=11))
    async with installation.db.transaction(region_id, by="test") as tx:
        assert await outbox.requeue_lost(tx) == 1
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == [("rang", 5)]


async def test_a_wish_waits_for_its_time(installation: Installation, region_id: int, clock: SteeredClock) -> None:
    async with installation.db.transaction(region_id, by="test") as tx:
        await tx.enqueue(RingBell(9), due_at=clock.now() + timedelta(minutes=5))
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == []
    clock.set(clock.now() + timedelta(minutes=5))
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == [("rang", 9)]


async def test_the_job_of_a_killed_worker_is_swept_away_and_its_wish_is_carried_out(
    installation: Installation, region_id: int, clock: SteeredClock
) -> None:
    manager, connector = installation.queue.job_manager, installation.queue.connector
    async with installation.db.transaction(region_id, by="test") as tx:
        await tx.enqueue(RingBell(6))
    await installation.runner.pass_outbox([region_id])
    killed = await manager.register_worker()
    job = await manager.fetch_job(queues=None, worker_id=killed)
    assert job is not None
    assert await installation.runner.sweep() == 0  # it gave a sign of life just now
    await connector.execute_query_async(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '10 minutes' WHERE id = %(id)s", id=killed
    )
    assert await installation.runner.sweep() == 1
    assert await manager.list_jobs_async(id=job.id) == []
    await manager.unregister_worker(killed)
    clock.set(clock.now() + timedelta(minutes=11))
    async with installation.db.transaction(region_id, by="test") as tx:
        assert await outbox.requeue_lost(tx) == 1
    await installation.runner.drain(regions=[region_id])
    assert of(region_id) == [("rang", 6)]
