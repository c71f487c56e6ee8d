"""Read shapes of parcels: for the member, and what a supplier is still to send."""

from __future__ import annotations

from dataclasses import dataclass

from linli import ordering
from linli.fulfilment.parcel import store
from linli.fulfilment.parcel.model import ParcelState, ParcelValue
from linli.fulfilment.parcel.records import Parcel
from linli.fulfilment.parcel.rules import still_to_send
from linli.platform.database import Tx


@dataclass(frozen=True, slots=True)
class DropShip:
    """An express order as its supplier sees it: its own lines, what is still to be sent of them, and its parcels."""

    order: ordering.OrderValue
    to_send: dict[int, int]
    parcels: list[ParcelValue]


def value(row: Parcel) -> ParcelValue:
    """Return a parcel as others see it."""
    plain = {name: getattr(row, name) for name in ParcelValue.__dataclass_fields__ if name not in ("state", "pieces")}
    pieces = {int(line_id): count for line_id, count in row.pieces.items()}
    return ParcelValue(**plain, state=ParcelState(row.state), pieces=pieces)


async def parcels_of_member(tx: Tx, order_id: int, member_id: int) -> list[ParcelValue]:
    """Return the parcels of a member's order; refuses OrderNotFound, also for a neighbour's."""
    await ordering.order_of_member(tx, order_id, member_id)
    return [value(row) for row in await store.of_orders(tx, [order_id])]


async def drop_ships(
    tx: Tx, supplier_id: int, *, after: int | None = None, limit: int = 50, order_id: int | None = None
) -> list[DropShip]:
    """Return a page of the express orders that are a supplier's to send or were sent by it, by id; or the
    one named, locked."""
    orders = await ordering.express_orders(tx, supplier_id, after=after, limit=limit, order_id=order_id)
    parcels: dict[int, list[ParcelValue]] = {order.id: [] for order in orders}
    for row in await store.of_orders(tx, parcels) if parcels else []:
        if row.supplier_id == supplier_id:
            parcels[row.order_id].append(value(row))
    return [
        DropShip(order, still_to_send(_wanted(order), [each.pieces for each in parcels[order.id]]), parcels[order.id])
        for order in orders
    ]


def _wanted(order: ordering.OrderValue) -> dict[int, int]:
    return {line.id: line.quantity - line.short_quantity for line in order.lines}
