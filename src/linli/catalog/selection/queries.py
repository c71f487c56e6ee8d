"""Reading reference prices and scores."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select

from linli.catalog.selection import rules
from linli.catalog.selection.model import ReferencePriceValue, Score, SelectionValue
from linli.catalog.selection.records import ReferencePrice, Selection
from linli.catalog.selection.settings import REFERENCE_DAYS
from linli.platform.database import Tx
from linli.platform.settings import value_of


async def reference_prices(tx: Tx, sku_id: int, *, after: int = 0, limit: int = 200) -> list[ReferencePriceValue]:
    """Return a page of what was seen of a sku elsewhere, in the order it was written down."""
    mine = (ReferencePrice.sku_id == sku_id, ReferencePrice.id > after)
    page = select(ReferencePrice).where(*mine).order_by(ReferencePrice.id).limit(limit)
    return [_value(row) for row in await tx.all(page)]


async def reference_prices_in_force(tx: Tx, sku_id: int, at: datetime) -> list[ReferencePriceValue]:
    """Return what was seen of a sku elsewhere not longer ago than a reference price holds, the latest first."""
    days = await value_of(tx, REFERENCE_DAYS)
    seen = (ReferencePrice.seen_at <= at, ReferencePrice.seen_at > at - timedelta(days=days))
    found = select(ReferencePrice).where(ReferencePrice.sku_id == sku_id, *seen)
    in_order = found.order_by(ReferencePrice.seen_at.desc(), ReferencePrice.id.desc())
    return [_value(row) for row in await tx.all(in_order.limit(200))]


async def struck_price_proof(tx: Tx, sku_id: int, struck_fen: int, at: datetime) -> ReferencePriceValue | None:
    """Return the recorded price that proves a price struck through at an instant; None when nothing in force does."""
    return rules.proof_of(struck_fen, await reference_prices_in_force(tx, sku_id, at))


async def selections(tx: Tx, sku_id: int, *, after: int = 0, limit: int = 50) -> list[SelectionValue]:
    """Return a page of the scores given to a sku, in the order they were given."""
    mine = (Selection.sku_id == sku_id, Selection.id > after)
    page = select(Selection).where(*mine).order_by(Selection.id).limit(limit)
    return [
        SelectionValue(row.id, row.sku_id, row.price_fen, row.made_at, row.by, msgspec.convert(row.score, Score))
        for row in await tx.all(page)
    ]


def _value(row: ReferencePrice) -> ReferencePriceValue:
    return ReferencePriceValue(row.id, row.sku_id, row.price_fen, row.source, row.evidence, row.seen_at)
