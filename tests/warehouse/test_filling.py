"""Filling totes: the database's one statement puts every piece into exactly one tote that can hold it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Integer, Text, column, select, values

from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.planning import whole_cycle
from linli.warehouse.sorting.model import ToteLimits
from linli.warehouse.sorting.store import puts

LIMITS = ToteLimits(20_000, 60_000)


@dataclass(frozen=True)
class Line:
    """A line of an order, as a test draws it."""

    line_id: int
    serial: int
    station_id: int
    storage_class: str
    quantity: int
    gross_g: int
    volume_ml: int


drawn = st.lists(
    st.builds(
        Line, line_id=st.integers(1, 1_000_000), serial=st.integers(1, 40), station_id=st.integers(1, 2),
        storage_class=st.sampled_from(["ambient", "chilled"]), quantity=st.integers(1, 60),
        gross_g=st.one_of(st.integers(0, 3_000), st.integers(0, 25_000)), volume_ml=st.integers(0, 70_000),
    ),
    min_size=1, max_size=20, unique_by=lambda line: line.line_id,
)  # fmt: skip


async def filled(installation: Installation, lines: list[Line]) -> list[tuple[Line, bool, int, int]]:
    """Return what the statement puts where: line, bulky, tote and pieces, in the order of the totes."""
    kinds = {"storage_class": Text, "line_id": BigInteger, "gross_g": BigInteger, "volume_ml": BigInteger}
    columns: list[Any] = [column(name, kinds.get(name, Integer)) for name in Line.__dataclass_fields__]
    rows = values(*columns, name="l").data([tuple(vars(line).values()) for line in lines])
    by_id = {line.line_id: line for line in lines}

    async def read(tx: Tx) -> list[tuple[Line, bool, int, int]]:
        put = puts(select(rows), LIMITS).subquery()
        asked = select(put.c.line_id, put.c.bulky, put.c.at, put.c.pieces).order_by(put.c.at, put.c.serial)
        async with whole_cycle(tx):
            return [(by_id[row[0]], row[1], row[2], row[3]) for row in await tx.execute(asked)]

    return await installation.db.run(read, 0, by="test")


@pytest.mark.rule("SRT-1")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn)
async def test_totes_hold_every_piece_once_and_none_is_too_heavy(installation: Installation, lines: list[Line]) -> None:
    found = await filled(installation, lines)
    put: dict[int, int] = defaultdict(int)
    totes: dict[tuple[int, str, bool, int], list[tuple[Line, int]]] = defaultdict(list)
    for line, bulky, at, pieces in found:
        assert pieces > 0
        put[line.line_id] += pieces
        totes[line.station_id, line.storage_class, bulky, at].append((line, pieces))
    assert put == {line.line_id: line.quantity for line in lines}
    for inside in totes.values():
        assert len({line.line_id for line, _ in inside}) == len(inside)
        if sum(pieces for _, pieces in inside) > 1:
            assert sum(line.gross_g * pieces for line, pieces in inside) <= LIMITS.weight_g
            assert sum(line.volume_ml * pieces for line, pieces in inside) <= LIMITS.volume_ml
    groups: dict[tuple[int, str, bool], set[int]] = defaultdict(set)
    for station_id, storage_class, bulky, at in totes:
        groups[station_id, storage_class, bulky].add(at)
    assert all(numbers == set(range(len(numbers))) for numbers in groups.values())  # no empty tote between two


@pytest.mark.rule("SRT-1")
async def test_orders_lie_in_the_order_of_their_serials_and_totes_are_filled_well(installation: Installation) -> None:
    lines = [Line(n, n // 3, 1, "ambient", 1 + n % 3, 400 + n % 7 * 100, 900) for n in range(300)]
    found = await filled(installation, lines)
    assert [line.serial for line, *_ in found] == sorted(line.serial for line, *_ in found)
    totes = found[-1][2] + 1
    grams = sum(line.gross_g * line.quantity for line in lines)
    assert totes <= 1.08 * grams / LIMITS.weight_g + 1
