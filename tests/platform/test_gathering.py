"""Group commit: what arrives together is done together, each with its own answer, once per key, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from linli.kernel.refusals import Conflict, Refusal
from linli.platform.database import Tx
from linli.platform.gathering import Gatherer, Limits, Overloaded
from linli.platform.idempotency import IdempotencyKeyReused
from linli.platform.installation import Installation


class Unwanted(Conflict):
    """What the work of these tests refuses."""


class Kitchen:
    """Work that notes its batches; "no" is refused, "poison" breaks the whole batch, a gate holds it back."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, list[str]]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def cook(self, tx: Tx, *, wishes: Sequence[Any]) -> list[bytes | Refusal]:
        """Answer every wish."""
        await self.gate.wait()
        self.batches.append((tx.region_id, list(wishes)))
        if "poison" in wishes:
            raise RuntimeError("poison")
        return [Unwanted("no") if wish == "no" else f'"{wish}"'.encode() for wish in wishes]


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def gatherer_of(installation: Installation, kitchen: Kitchen, **limits: int) -> Gatherer:
    """Return a gatherer on the test's database."""
    return Gatherer(installation.db, kitchen.cook, Limits(**limits))


async def ask(gatherer: Gatherer, region_id: int, wish: str, key: str = "", request: bytes = b"") -> tuple[bytes, bool]:
    """Submit a wish."""
    key = key or f"key-{wish}"
    return await gatherer.submit(region_id, caller="app:1", key=key, request=request or wish.encode(), wish=wish)


async def test_what_arrives_while_a_batch_is_in_flight_goes_together(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    gatherer = gatherer_of(installation, kitchen)
    kitchen.gate.clear()
    first = asyncio.create_task(ask(gatherer, region_id, "first"))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(ask(gatherer, region_id, f"w{n}")) for n in range(20)]
    await asyncio.sleep(0.02)
    kitchen.gate.set()
    assert await first == (b'"first"', False)
    assert await asyncio.gather(*others) == [(f'"w{n}"'.encode(), False) for n in range(20)]
    assert [len(batch) for _, batch in kitchen.batches] == [1, 20]


async def test_a_batch_never_spans_regions(installation: Installation, region_id: int, kitchen: Kitchen) -> None:
    gatherer = gatherer_of(installation, kitchen)
    await asyncio.gather(*(ask(gatherer, region_id + n % 2, f"w{n}") for n in range(10)))
    for region, batch in kitchen.batches:
        assert {int(wish[1:]) % 2 for wish in batch} == {region - region_id}


@pytest.mark.rule("ORD-3")
@pytest.mark.rule("S3")
async def test_a_client_that_lost_its_answer_gets_the_stored_one_by_asking_again(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    gatherer = gatherer_of(installation, kitchen)
    gone = asyncio.create_task(ask(gatherer, region_id, "once"))
    await asyncio.sleep(0)
    gone.cancel()  # the connection broke after the request had come in
    with pytest.raises(asyncio.CancelledError):
        await gone
    await asyncio.sleep(0.3)
    restarted = gatherer_of(installation, kitchen)  # a process that knows nothing of the first
    assert await ask(restarted, region_id, "once") == (b'"once"', True)
    assert [batch for _, batch in kitchen.batches] == [["once"]]


@pytest.mark.rule("ORD-3")
async def test_twins_in_one_moment_are_done_once_and_another_request_under_the_key_is_refused(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    gatherer = gatherer_of(installation, kitchen)
    answers = await asyncio.gather(*(ask(gatherer, region_id, "twin") for _ in range(8)))
    assert {body for body, _ in answers} == {b'"twin"'}
    assert sorted(replayed for _, replayed in answers) == [False, *[True] * 7]
    with pytest.raises(IdempotencyKeyReused):
        await ask(gatherer, region_id, "other", key="key-twin")
    assert sum(len(batch) for _, batch in kitchen.batches) == 1


@pytest.mark.rule("ORD-3")
async def test_twins_that_reach_two_processes_at_once_are_done_once(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    processes = [gatherer_of(installation, kitchen) for _ in range(4)]
    wishes = [f"w{n}" for n in range(12)]
    found = await asyncio.gather(*(ask(each, region_id, wish) for wish in wishes for each in processes))
    for n, wish in enumerate(wishes):
        answers = found[n * 4 : n * 4 + 4]
        assert {body for body, _ in answers} == {f'"{wish}"'.encode()}
        assert [replayed for _, replayed in answers].count(False) == 1


async def test_one_refusal_and_one_bug_touch_nobody_else(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    gatherer = gatherer_of(installation, kitchen)
    wishes = ["a", "no", "poison", "b"]
    found = await asyncio.gather(*(ask(gatherer, region_id, wish) for wish in wishes), return_exceptions=True)
    assert found[0] == (b'"a"', False)
    assert isinstance(found[1], Unwanted)
    assert isinstance(found[2], RuntimeError)
    assert found[3] == (b'"b"', False)


@pytest.mark.rule("S11")
async def test_beyond_the_bound_it_says_so_at_once_and_recovers_by_itself(
    installation: Installation, region_id: int, kitchen: Kitchen
) -> None:
    gatherer = gatherer_of(installation, kitchen, waiting=5)
    kitchen.gate.clear()
    first = asyncio.create_task(ask(gatherer, region_id, "first"))
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(ask(gatherer, region_id, f"w{n}")) for n in range(5)]
    await asyncio.sleep(0.02)
    with pytest.raises(Overloaded) as refused:
        await ask(gatherer, region_id, "one-too-many")
    assert (refused.value.status, refused.value.facts["retry_after"]) == (503, 1)
    kitchen.gate.set()
    await asyncio.gather(first, *waiting)
    assert await ask(gatherer, region_id, "one-too-many") == (b'"one-too-many"', False)
