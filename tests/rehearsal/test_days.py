"""Whole days of each preset, lived on a database of their own through the public API, every book compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linli.entry.cli.rehearse import lived_demo, preset, simulated
from linli.rehearsal import Preset, Story, resized

KEYS = {
    "orders", "paid_fen", "refunded_fen", "commission_fen", "supplier_payable_fen", "shortage_lines", "collected",
    "ledger_balanced", "reconciled", "digest",
}  # fmt: skip


@pytest.fixture
def small() -> Preset:
    """The city company with two dozen members at four stations."""
    return resized(preset("meituan"), members=24, stations=4)


async def lived(chosen: Preset, url: str, *, days: int = 1, seed: int = 5) -> dict[str, Any]:
    return await simulated(chosen, days=days, seed=seed, faults=False, story=Story(silent=True), url=url)


@pytest.mark.rule("PRE-starter")
async def test_a_leader_with_a_chat_group_lives_a_day_and_every_number_reconciles(server_url: str) -> None:
    report = await lived(resized(preset("starter"), members=14), server_url)
    assert report["differences"] == []
    assert report["reconciled"] is True
    assert report["ledger_balanced"] is True
    assert report.keys() >= KEYS
    figures = report["figures"]
    assert report["orders"] == figures["chain_orders"] > 0
    assert figures["chain_corrected"] > 0  # some neighbours typed unclearly and the leader put it right
    assert figures.get("chain_misread", 0) == 0  # nothing was taken as understood that meant something else
    assert report["paid_fen"] == figures["chain_fen"]
    assert report["collected"] == report["orders"] - figures["did_not_come"]


@pytest.mark.rule("PRE-meituan")
async def test_a_city_company_lives_two_days_and_every_number_reconciles(small: Preset, server_url: str) -> None:
    report = await lived(small, server_url, days=2)
    assert report["differences"] == []
    assert report["reconciled"] is True
    figures = report["figures"]
    assert report["paid_fen"] == figures["paid_online_fen"] + figures["on_behalf_fen"]
    assert report["collected"] == figures["collected_orders"] > 0
    assert figures["demand_pieces"] == figures["sorted_pieces"] + figures["shortage_pieces"]
    assert figures["sent"] == figures["purchase_orders"]
    assert report["commission_fen"] > 0


async def test_the_same_seed_leaves_the_same_rows_and_another_seed_does_not(small: Preset, server_url: str) -> None:
    tiny = resized(small, members=10, stations=2, products=10)
    first, again = await lived(tiny, server_url, seed=3), await lived(tiny, server_url, seed=3)
    assert first["digest"] == again["digest"]
    assert {name: first[name] for name in KEYS} == {name: again[name] for name in KEYS}
    other = await lived(tiny, server_url, seed=4)
    assert other["digest"] != first["digest"]


async def test_the_demo_lives_both_days_and_writes_papers_that_can_be_read(tmp_path: Path, server_url: str) -> None:
    report = await lived_demo(tmp_path, members=24, seed=7, silent=True, url=server_url)
    assert report["reconciled"] is True
    papers = [paper for paper in tmp_path.rglob("*") if paper.is_file()]
    assert len(papers) == report["figures"]["papers"]
    for paper in papers:
        start = paper.read_bytes()[:4]
        assert start == (b"%PDF" if paper.suffix == ".pdf" else b"PK\x03\x04"), paper.name
    kinds = {paper.stem.split("-")[0] for paper in papers}
    assert kinds == {"采购单", "分拣单", "自提点清单", "标签"}


@pytest.fixture
def own_server() -> Iterator[None]:
    """Make the rehearsal start an embedded database of its own, which may be killed."""
    before = os.environ.pop("LINLI_DATABASE_URL", None)
    yield
    if before is not None:
        os.environ["LINLI_DATABASE_URL"] = before


@pytest.mark.kills
@pytest.mark.xdist_group("kills")
async def test_with_lost_notices_and_killed_machines_money_and_goods_still_reconcile(
    small: Preset, own_server: None
) -> None:
    chosen = resized(small, members=16, stations=3)
    report = await simulated(chosen, days=1, seed=11, faults=True, story=Story(silent=True))
    assert report["differences"] == []
    assert report["reconciled"] is True
    assert report["accidents"]["databases killed"] >= 1
    assert sum(report["accidents"].get(name, 0) for name in ("workers killed", "workers too quick to kill")) >= 1
    assert report["collected"] > 0
