"""Pure decisions about teams: what a piece costs in one, who leads next, which teams become one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from linli.kernel.ids import BadId, parse_id
from linli.kernel.price import Basket, Outcome, rule
from linli.kernel.refusals import BadInput
from linli.marketing.team.model import Choice, Group, Seat, TeamTerm


class TeamChoiceUnclear(BadInput):
    """It is not said whether a team is opened, or which one is joined."""

    title = "请选择开团或参团"


@rule(TeamTerm)
def team_price(term: TeamTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Let the pieces of the team's offer cost the team price, unless the difference comes back afterwards."""
    if all(item.offer_id != term.offer_id for item in basket.items):
        return Outcome(refused="not_in_basket")
    saved = [
        saving(item.price_fen, term.price_fen, item.quantity) if item.offer_id == term.offer_id else 0
        for item in basket.items
    ]
    now = [0 if term.afterwards else min(fen, left[at]) for at, fen in enumerate(saved)]
    return Outcome(now)


def saving(base_fen: int, team_fen: int, quantity: int) -> int:
    """Return what pieces cost less in a team, in fen."""
    return max(0, base_fen - team_fen) * quantity


def read_choice(chosen: Any) -> Choice:
    """Read {"open": true} or {"join": "<team>"}, each with `consent` or without; refuses TeamChoiceUnclear."""
    if not isinstance(chosen, dict) or not chosen.keys() <= {"open", "join", "consent"}:
        raise TeamChoiceUnclear("say open or join")
    consent, join = chosen.get("consent", False), chosen.get("join")
    if not isinstance(consent, bool) or (chosen.get("open") is True) == (join is not None):
        raise TeamChoiceUnclear("say open or join")
    if join is None:
        return Choice(0, consent)
    if isinstance(join, str) and join != "0":
        with suppress(BadId):
            return Choice(parse_id(join), consent)
    raise TeamChoiceUnclear("a team is named by its id")


def deadline(opened_at: datetime, hours: int, closes_at: datetime) -> datetime:
    """Return until when a team can fill up: so many hours, never past the end of the sale."""
    return min(opened_at + timedelta(hours=hours), closes_at)


def terms_trouble(price_fen: int, base_fen: int, size: int, hours: int) -> str:
    """Return why an offer cannot be sold in teams like these, or nothing."""
    if not 0 < price_fen < base_fen:
        return "team_price_not_below_price"
    if not 2 <= size <= 50:
        return "size_not_2_to_50"
    return "" if 1 <= hours <= 168 else "hours_not_1_to_168"


def next_to_lead(seats: Sequence[Seat]) -> int:
    """Return the member who leads when the opener is gone: whoever took a seat first; 0 when nobody is left."""
    return min(seats, key=lambda seat: (seat.taken_at, seat.order_id)).member_id if seats else 0


def merging(short: Sequence[Group], others: Sequence[Group]) -> dict[int, int]:
    """Decide which short teams go into which: each as a whole, into the team that is then nearest to complete.

    Never beyond a team's size and never with one member twice; a team that took another in is not moved itself.
    """
    standing = {group.team_id: group for group in (*others, *short)}
    moved: dict[int, int] = {}
    took_in: set[int] = set()
    for group in sorted(short, key=lambda each: (each.taken, each.team_id)):
        if group.team_id in took_in or standing[group.team_id].taken == group.size:
            continue
        fitting = [
            each
            for each in standing.values()
            if each.team_id != group.team_id
            and each.taken + group.taken <= each.size
            and not each.members & group.members
        ]
        if not fitting:
            continue
        target = min(fitting, key=lambda each: (each.size - each.taken, each.team_id))
        moved[group.team_id] = target.team_id
        took_in.add(target.team_id)
        del standing[group.team_id]
        standing[target.team_id] = target._replace(
            taken=target.taken + group.taken, members=target.members | group.members
        )
    return moved
