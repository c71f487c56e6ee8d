"""How the database plans the night's statements, which read a whole cycle at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from linli.platform.database import Tx


@asynccontextmanager
async def whole_cycle(tx: Tx) -> AsyncIterator[None]:
    """Let the statements of the block join and sort a whole cycle in linear time and in memory.

    A day's partition is young: without statistics the planner takes a cycle for one row, and a nested loop over its
    orders and lines is quadratic; hashed it stays linear.
    """
    await tx.execute(text("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '128MB'"))
    yield
    await tx.execute(text("SET LOCAL enable_nestloop = on; SET LOCAL work_mem TO DEFAULT"))


async def written(tx: Tx, statement: Any) -> int:
    """Run one INSERT … SELECT of a whole cycle; returns how many rows it wrote."""
    async with whole_cycle(tx):
        done = await tx.execute(statement.execution_options(preserve_rowcount=True))
    return int(done.rowcount)  # type: ignore[attr-defined]
