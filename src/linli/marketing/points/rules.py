"""What points are worth, how many a basket earns, which of them are spent first and which come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from linli.kernel.money import share_bp
from linli.kernel.price import Basket, Outcome, rule, spread
from linli.kernel.refusals import BadInput
from linli.marketing.points.model import EarnTerm, Part, PointsTerm

ALL = "all"
MOST = 10**9


class PointsUnclear(BadInput):
    """An order spends a number of points, or "all" of them."""

    title = "积分填写不正确"


@rule(PointsTerm)
def pay(term: PointsTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Take what the points are worth off all goods, up to their share of the basket."""
    amount = min(term.points * 100 // term.per_yuan, share_bp(sum(left), term.most_bp))
    return spread(amount, left) if amount > 0 else Outcome(refused="nothing_to_pay_with_points")


@rule(EarnTerm)
def earn(term: EarnTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Tell how many points the goods earn; nothing is taken off."""
    return Outcome(points=earned(sum(left), term.each_yuan))


def earned(fen: int, each_yuan: int) -> int:
    """Return the points that an amount in fen earns, whole ones only."""
    return fen * each_yuan // 100


def needed(fen: int, per_yuan: int) -> int:
    """Return how many points pay an amount in fen, a part of one counted whole."""
    return -(-fen * per_yuan // 100)


def wanted_points(using: Mapping[str, Any], have: int) -> int:
    """Return how many points an order would spend of those that there are; refuses PointsUnclear."""
    wanted = using.get("points", 0)
    if wanted == ALL:
        return have
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= MOST:
        raise PointsUnclear('say how many points, or "all"')
    return wanted


def draw(purses: Sequence[Part], points: int) -> list[Part]:
    """Take points from purses, those that expire first first; ValueError when there are not enough."""
    taken = []
    for purse in sorted(purses, key=lambda each: each.expires_on):
        part = min(points, purse.points)
        if part > 0:
            taken.append(Part(purse.expires_on, part))
            points -= part
    if points:
        raise ValueError(f"{points} points more than there are")
    return taken


def hand_back(spent: Mapping[date, int], back: Mapping[date, int], points: int) -> list[Part]:
    """Put points back into the purses they came from (spent less what came back), those that last longest first.

    Never more than was spent and is not back yet.
    """
    returned = []
    for expires_on in sorted(spent, reverse=True):
        part = min(points, spent[expires_on] - back.get(expires_on, 0))
        if part > 0:
            returned.append(Part(expires_on, part))
            points -= part
    return returned


def expiry(today: date, kept_years: int) -> date:
    """Return the last day of points that are earned today: the end of the year so many years on."""
    return date(today.year + kept_years, 12, 31)


def due_back(points: int, refunded_fen: int, paid_fen: int) -> int:
    """Return how many of an order's points belong back when so much of it was refunded, whole ones only."""
    return points if refunded_fen >= paid_fen else points * refunded_fen // paid_fen
