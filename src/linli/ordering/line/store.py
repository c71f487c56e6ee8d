"""SQL that commands about lines need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from linli.kernel.ids import day_of
from linli.ordering.line.records import LineRefund
from linli.ordering.order.records import Order, OrderLine
from linli.ordering.order.store import of_id
from linli.platform.database import Tx

_EACH = update(OrderLine).where(
    OrderLine.region_id == bindparam("region_id_"),
    OrderLine.biz_date == bindparam("day_"),
    OrderLine.id == bindparam("id_"),
)


def _of_line(tx: Tx, line_id: int) -> tuple[Any, ...]:
    return OrderLine.region_id == tx.region_id, OrderLine.biz_date == day_of(line_id), OrderLine.id == line_id


async def locked_with_order(tx: Tx, line_id: int) -> tuple[Order, OrderLine] | None:
    """Lock the order of a line, then read the line, which nobody changes without that lock; None when there is none."""
    order_id = await tx.scalar(select(OrderLine.order_id).where(*_of_line(tx, line_id)))
    if order_id is None:
        return None
    order = await tx.first(select(Order).where(*of_id(tx, order_id)).with_for_update())
    line = await tx.first(select(OrderLine).where(*_of_line(tx, line_id)))
    return (order, line) if order is not None and line is not None else None


async def refund_of(tx: Tx, line_id: int, ref_kind: str, ref_id: int) -> LineRefund | None:
    """Return the refund of a line that an origin caused before, or None."""
    where = (LineRefund.line_id == line_id, LineRefund.ref_kind == ref_kind, LineRefund.ref_id == ref_id)
    return await tx.first(select(LineRefund).where(LineRefund.region_id == tx.region_id, *where))


async def add_refund(tx: Tx, row: dict[str, Any]) -> None:
    """Write one refund of a line."""
    await tx.execute(insert(LineRefund).values(**row, region_id=tx.region_id, made_at=tx.now, by=tx.by))


async def change_line(tx: Tx, line_id: int, values: Mapping[str, int]) -> None:
    """Set counters of one line; the table's constraints have the last word."""
    await tx.execute(update(OrderLine).where(*_of_line(tx, line_id)).values(**values))


async def change_lines(tx: Tx, values: Mapping[int, Mapping[str, int]]) -> None:
    """Set the same counters of several lines, in ascending id order; the table's constraints have the last word."""
    if not values:
        return
    names = next(iter(values.values()))
    changed = _EACH.values({name: bindparam(f"{name}_") for name in names})
    rows = [
        {
            "region_id_": tx.region_id, "day_": day_of(line_id), "id_": line_id,
            **{f"{name}_": value for name, value in new.items()},
        }
        for line_id, new in sorted(values.items())
    ]  # fmt: skip
    await tx.execute(changed, rows)


async def set_counts(tx: Tx, column: str, counts: Mapping[int, int]) -> int:
    """Set one counter of many lines, in ascending id order; returns how many lines there were."""
    if not counts:
        return 0
    rows = [
        {"region_id_": tx.region_id, "day_": day_of(line_id), "id_": line_id, "count_": count}
        for line_id, count in sorted(counts.items())
    ]
    done = await tx.execute(_EACH.values({column: bindparam("count_")}), rows)
    return int(done.rowcount)  # type: ignore[attr-defined]
