"""Writing down what goods cost elsewhere, and scoring candidates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from linli.catalog.product.queries import sku
from linli.catalog.selection import rules, store
from linli.catalog.selection.model import Candidate, ReferencePriceValue, SelectionValue
from linli.catalog.selection.queries import reference_prices_in_force
from linli.catalog.selection.settings import MEASURE
from linli.catalog.supplier.queries import supplies
from linli.kernel.refusals import BadInput
from linli.platform.database import Tx
from linli.platform.settings import value_of


class SeenInFuture(BadInput):
    """A reference price was not seen yet."""

    title = "参考价的时间不能晚于现在"


async def add_reference_price(
    tx: Tx, *, sku_id: int, price_fen: int, source: str, evidence: str, seen_at: datetime | None = None
) -> ReferencePriceValue:
    """Write down what a sku costs elsewhere, fen a piece, where and when it was seen (now by default), and what proves
    it; refuses NoSuchSku and SeenInFuture."""
    await sku(tx, sku_id)
    at = seen_at or tx.now
    if at > tx.now:
        raise SeenInFuture("a price is written down after it was seen", seen_at=at.isoformat())
    made = ReferencePriceValue(await tx.new_id(), sku_id, price_fen, source, evidence, at)
    await store.add_reference_price(tx, {**vars(made), "by": tx.by, "made_at": tx.now})
    return made


async def select_candidate(
    tx: Tx,
    *,
    sku_id: int,
    price_fen: int,
    quality_mark: int,
    wanted_per_day: int,
    complaints_bp: int = 0,
    traits: Sequence[str] = (),
) -> SelectionValue:
    """Score a sku at a price in fen against the reference prices and supplies in force, and keep the score; refuses
    NoSuchSku."""
    goods = await sku(tx, sku_id)
    terms = [each for each in await supplies(tx, [sku_id], tx.now) if each.available]
    limits = [each.capacity_per_day for each in terms]
    known = [limit for limit in limits if limit is not None]
    candidate = Candidate(
        price_fen=price_fen,
        references=rules.newest_by_source(await reference_prices_in_force(tx, sku_id, tx.now)),
        quality_mark=quality_mark,
        complaints_bp=complaints_bp,
        suppliers=len(terms),
        capacity_per_day=sum(known) if len(known) == len(limits) else None,
        wanted_per_day=wanted_per_day,
        gross_g=goods.gross_g,
        volume_ml=goods.volume_ml,
        traits=tuple(dict.fromkeys(traits)),
    )
    given = rules.score(candidate, await value_of(tx, MEASURE))
    made = SelectionValue(await tx.new_id(), sku_id, price_fen, tx.now, tx.by, given)
    row = {name: getattr(made, name) for name in ("id", "sku_id", "price_fen", "by", "made_at")}
    row |= {"candidate": msgspec.to_builtins(candidate), "score": msgspec.to_builtins(given)}
    await store.add_selection(tx, row)
    return made
