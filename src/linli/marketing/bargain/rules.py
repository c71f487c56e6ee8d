"""Pure decisions about bargains: how much one help cuts, and what the owner then pays."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from linli.kernel.ids import BadId, parse_id
from linli.kernel.price import Basket, Outcome, rule
from linli.kernel.refusals import BadInput
from linli.marketing.bargain.model import BargainTerm

DRAWS = 1_000_000


class BargainChoiceUnclear(BadInput):
    """It is not said which bargain is meant."""

    title = "请选择要使用的砍价"


@rule(BargainTerm)
def bargained_price(term: BargainTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Let one piece of the bargain's offer cost what was reached; the other pieces keep their price."""
    off = [
        min(left[at], max(0, item.price_fen - term.price_fen)) if item.offer_id == term.offer_id else 0
        for at, item in enumerate(basket.items)
    ]
    return Outcome(off) if any(off) else Outcome(refused="not_in_basket")


def cut(left_fen: int, helps_left: int, draw: int) -> int:
    """Return what one help cuts off, in fen: a random amount of at least 1 and at most twice the mean.

    Every later help still finds at least 1 fen, and the last one takes all that is left, so that the helps together
    cut exactly down to the floor. `draw` is uniform in [0, 1,000,000); ValueError for less than 1 fen a help.
    """
    if helps_left < 1 or left_fen < helps_left:
        raise ValueError(f"{left_fen} fen are no {helps_left} helps")
    if helps_left == 1:
        return left_fen
    most = min(2 * left_fen // helps_left, left_fen - (helps_left - 1))
    return 1 + draw * most // DRAWS


def terms_trouble(floor_fen: int, price_fen: int, helps: int, hours: int) -> str:
    """Return why an offer cannot be bargained for like this, or nothing."""
    if not 0 < floor_fen < price_fen:
        return "floor_not_below_price"
    if not 1 <= helps <= 200 or price_fen - floor_fen < helps:
        return "too_many_helps"
    return "" if 1 <= hours <= 168 else "hours_not_1_to_168"


def expires(started_at: datetime, hours: int, closes_at: datetime) -> datetime:
    """Return until when a bargain can be helped and bought: so many hours, never past the end of the sale."""
    return min(started_at + timedelta(hours=hours), closes_at)


def read_choice(chosen: Any) -> int:
    """Read the id of a bargain; refuses BargainChoiceUnclear."""
    if isinstance(chosen, str):
        with suppress(BadId):
            return parse_id(chosen)
    raise BargainChoiceUnclear("a bargain is named by its id")
