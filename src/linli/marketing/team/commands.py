"""Opening, joining and ending teams: a seat is taken with the order, before it is paid, and given back with it.

A team ends exactly once: complete with the last payment, or at its deadline by what the offer says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linli import people, sale
from linli.kernel.ids import day_of
from linli.kernel.price import Quote, Term
from linli.kernel.refusals import BadInput, Conflict, NotFound, Refusal
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.marketing.team import rules, store
from linli.marketing.team.events import TeamPriceReached
from linli.marketing.team.model import (
    TEAM,
    Choice,
    Ended,
    Group,
    Seat,
    Short,
    TeamState,
    TeamTerm,
    TeamValue,
    TermsValue,
    Unit,
)
from linli.marketing.team.records import Team
from linli.platform.database import Tx
from linli.platform.machines import move

KIND = "team"
LABEL = "拼团"


class NoSuchTeam(NotFound):
    """There is no such team at the member's station; facts: team_id."""

    title = "没有这个团"


class NoTeamOffer(Conflict):
    """The offer is not sold in teams; facts: offer_id."""

    title = "该商品不参加拼团"


class TeamOrderAlone(Conflict):
    """An order in a team is for the team's offer alone."""

    title = "拼团商品请单独下单"


class TeamFull(Conflict):
    """All seats of the team are taken; facts: team_id."""

    title = "该团已满"


class TeamOver(Conflict):
    """The team has ended; facts: team_id, state."""

    title = "该团已结束"


class TeamJoinedAlready(Conflict):
    """The member has a seat in this team; facts: team_id."""

    title = "您已在该团中"


class TeamConsentMissing(BadInput):
    """Who joins must agree that the goods come at base price when the team falls short; facts: price_fen."""

    title = "请先同意未成团按原价发货"


class TeamTermsRefused(BadInput):
    """The offer cannot be sold in teams like these; facts: reason."""

    title = "拼团条件不成立"


class TeamDesk(Desk):
    """The teams that a batch of orders opens and joins, locked, with what is left of their seats."""

    def __init__(
        self,
        tx: Tx,
        teams: Mapping[int, TeamValue],
        terms: Mapping[int, TermsValue],
        offers: Mapping[int, sale.OfferValue],
    ) -> None:
        self.now = tx.now
        self.teams = teams
        self.of_offer = terms
        self.offers = offers
        self.members: set[tuple[int, int]] = set()
        self.fresh: dict[int, list[int]] = {}  # ids for teams to be opened, by cycle
        self._taken: dict[int, int] = {}
        self._opened: list[dict[str, Any]] = []
        self._seats: list[dict[str, Any]] = []

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the team price for who asks for a team; refuses a team that cannot be opened or joined."""
        if KIND not in ask.using:
            return ()
        choice, team = self._chosen(ask)
        afterwards = team.short == Short.SHIP_AT_BASE
        if afterwards and not choice.consent:
            raise TeamConsentMissing("say that base price is all right", price_fen=ask.items[0].price_fen)
        source = f"{KIND}:{team.id}"
        term = TeamTerm(
            source=source, label=LABEL, asked=True, offer_id=team.offer_id, price_fen=team.price_fen,
            afterwards=afterwards,
        )  # fmt: skip
        return (term,)

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse a seat that was taken by an order accepted just before."""
        if KIND in ask.using:
            self._chosen(ask)

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note the seat, and the team when it is opened with it."""
        if KIND not in ask.using:
            return
        choice, team = self._chosen(ask)
        if choice.join:
            self._taken[team.id] = self._taken.get(team.id, 0) + 1
        else:
            team = team._replace(id=self.fresh[ask.cycle_id].pop(0))
            self._opened.append({**team._asdict(), "ended_at": None})
        self.members.add((team.id, ask.member_id))
        (item,) = ask.items
        back = rules.saving(item.price_fen, team.price_fen, item.quantity) if team.short == Short.SHIP_AT_BASE else 0
        self._seats.append({
            "order_id": order_id, "team_id": team.id, "member_id": ask.member_id, "quantity": item.quantity,
            "back_fen": back, "consent": choice.consent, "taken_at": self.now, "paid_at": None, "left_at": None,
        })  # fmt: skip

    async def write(self, tx: Tx) -> None:
        """Store opened teams and taken seats; the counter's CHECK is the last word."""
        if self._opened:
            await store.add_teams(tx, self._opened)
        if self._seats:
            await store.add_seats(tx, self._seats, self._taken)

    def _chosen(self, ask: Ask) -> tuple[Choice, TeamValue]:
        choice = rules.read_choice(ask.using[KIND])
        if len(ask.items) != 1:
            raise TeamOrderAlone("a team's order is for its offer alone")
        return choice, self._joined(ask, choice) if choice.join else self._new(ask)

    def _joined(self, ask: Ask, choice: Choice) -> TeamValue:
        team = self.teams.get(choice.join)
        if team is None or team.place not in (0, ask.station_id) or team.offer_id != ask.items[0].offer_id:
            raise NoSuchTeam(f"no team {choice.join}", team_id=str(choice.join))
        whose = {"team_id": str(team.id)}
        if team.state != TeamState.OPEN or team.deadline <= self.now:
            over: Refusal = TeamOver(f"the team is {team.state}", **whose, state=str(team.state))
            raise TeamFull("all seats are taken", **whose) if team.state == TeamState.COMPLETE else over
        if (team.id, ask.member_id) in self.members:
            raise TeamJoinedAlready("you have a seat", **whose)
        if team.seats_taken + self._taken.get(team.id, 0) >= team.size:
            raise TeamFull("all seats are taken", **whose)
        return team

    def _new(self, ask: Ask) -> TeamValue:
        offer_id = ask.items[0].offer_id
        terms, offer = self.of_offer.get(offer_id), self.offers.get(offer_id)
        if terms is None or offer is None:
            raise NoTeamOffer("the offer is not sold in teams", offer_id=str(offer_id))
        return TeamValue(
            id=0, offer_id=offer_id, cycle_id=ask.cycle_id, station_id=ask.station_id, unit=terms.unit,
            price_fen=terms.price_fen, size=terms.size, short=terms.short, state=TeamState.OPEN, opened_at=self.now,
            deadline=rules.deadline(self.now, terms.hours, offer.closes_at), leading_id=ask.member_id, seats_taken=1,
            into_id=None,
        )  # fmt: skip


@promotion
class Teams(Promotion):
    """Teams as orders meet them: `using: {"team": {"open": true}}` or `{"team": {"join": "<id>"}}`."""

    name = KIND

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> TeamDesk | None:
        """Open the desk for the orders that want a team; locks the teams that are joined, in ascending id."""
        joined, opening = _wanted(asks)
        if not joined and not opening:
            return None
        teams = await store.teams(tx, joined, lock=holding) if joined else {}
        offer_ids = {ask.items[0].offer_id for ask in opening if ask.items}
        terms = await store.terms_of(tx, offer_ids) if offer_ids else {}
        offers = await sale.offers(tx, ids=list(terms)) if terms else {}
        desk = TeamDesk(tx, teams, terms, offers)
        if teams:
            desk.members = {(seat.team_id, seat.member_id) for seat in await store.seats(tx, teams)}
        if holding:
            for cycle_id in sorted({ask.cycle_id for ask in opening}):
                count = sum(ask.cycle_id == cycle_id for ask in opening)
                desk.fresh[cycle_id] = await tx.new_ids(count, day_of(cycle_id))
        return desk

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Free the seats of orders in teams that still fill up; the next member leads when the opener is gone."""
        found = await store.seats_of_orders(tx, order_ids)
        if not found:
            return
        teams = await store.teams(tx, {seat.team_id for seat in found}, lock=True)
        gone = {seat.order_id for seat in await store.seats_of_orders(tx, order_ids)}
        await store.set_seats(tx, gone, left_at=tx.now)
        left = await store.seats(tx, teams)
        for team in teams.values():
            if team.state == TeamState.OPEN:
                staying = [seat for seat in left if seat.team_id == team.id]
                await _go_on(tx, team, rules.next_to_lead(staying), staying)


def _wanted(asks: Sequence[Ask]) -> tuple[list[int], list[Ask]]:
    """Return the teams that a batch joins and the orders that open one; unclear choices are refused later, each."""
    joined: set[int] = set()
    opening: list[Ask] = []
    for ask in asks:
        if KIND in ask.using:
            try:
                choice = rules.read_choice(ask.using[KIND])
            except rules.TeamChoiceUnclear:
                choice = Choice()
            if choice.join:
                joined.add(choice.join)
            else:
                opening.append(ask)
    return sorted(joined), opening


async def _go_on(tx: Tx, team: TeamValue, next_id: int, staying: Sequence[Any]) -> None:
    await store.change(tx, team.id, seats_taken=len(staying))
    if not staying:
        await move(tx, Team, TEAM, "dissolve", key={"id": team.id}, values={"ended_at": tx.now})
    elif team.leading_id not in {seat.member_id for seat in staying}:
        await store.change(tx, team.id, leading_id=next_id)


async def sell_in_teams(
    tx: Tx, *, offer_id: int, price_fen: int, size: int, hours: int, unit: str = Unit.STATION, short: str = Short.REFUND
) -> TermsValue:
    """Say under which terms an offer of the kind `team` is sold in teams; teams that are open keep their own.

    Refuses NoSuchOffer, NoTeamOffer, TeamTermsRefused and BelowCost.
    """
    found = await sale.offer(tx, offer_id)
    if found.kind != KIND:
        raise NoTeamOffer("the offer is of another kind", offer_id=str(offer_id))
    trouble = rules.terms_trouble(price_fen, found.price_fen, size, hours)
    if trouble:
        raise TeamTermsRefused(f"not in teams like these: {trouble}", reason=trouble)
    await sale.set_floor(tx, offer_id=offer_id, floor_fen=price_fen)
    terms = TermsValue(offer_id, found.cycle_id, price_fen, size, hours, Unit(unit), Short(short))
    await store.put_terms(tx, terms)
    return terms


WORDS = {
    TeamState.COMPLETE: "拼团成功，商品将按时送达。",
    TeamState.AT_BASE: "拼团人数未满，商品将按您同意的原价送达。",
    TeamState.REFUNDED: "拼团人数未满，款项将原路退回。",
    TeamState.MERGED: "您的团已与本站另一个团合并。",
}


async def pay_seat(tx: Tx, *, order_id: int) -> Ended | None:
    """Note that an order's seat is paid; returns the orders that ship when this completes the team, None without a
    seat."""
    found = await store.seats_of_orders(tx, [order_id])
    if not found:
        return None
    team = (await store.teams(tx, [found[0].team_id], lock=True))[found[0].team_id]
    if team.state != TeamState.OPEN:
        return None
    await store.set_seats(tx, [order_id], paid_at=tx.now)
    return (await _complete_if_full(tx, team))[1]


async def _complete_if_full(tx: Tx, team: TeamValue) -> tuple[str, Ended]:
    seats = await store.seats(tx, [team.id])
    if len(seats) < team.size or any(seat.paid_at is None for seat in seats):
        return TeamState.OPEN, Ended()
    await _end(tx, team, "complete", TeamState.COMPLETE, seats)
    back = [
        TeamPriceReached(team.id, seat.order_id, team.offer_id, amount_fen=seat.back_fen)
        for seat in seats
        if seat.back_fen
    ]
    await tx.announce(*back)
    return TeamState.COMPLETE, Ended(ship=tuple(seat.order_id for seat in seats))


async def due_seats(tx: Tx, *, cycle_id: int | None = None, limit: int = 100) -> dict[int, list[Seat]]:
    """Return the teams that are to end with their seats: those past their deadline, or all open ones of a cycle."""
    ids = await store.due(tx, limit) if cycle_id is None else await store.open_of_cycle(tx, cycle_id)
    found: dict[int, list[Seat]] = {team_id: [] for team_id in ids}
    for seat in await store.seats(tx, ids) if ids else []:
        found[seat.team_id].append(seat)
    return found


async def end_teams(tx: Tx, *, expected: Mapping[int, Sequence[Seat]]) -> Ended:
    """End teams that fell short, by what their offers say, when their seats are as expected and all of them paid.

    Returns which orders ship and which are to be cancelled and refunded.
    """
    if not expected:
        return Ended()
    offers = {team.offer_id for team in (await store.teams(tx, expected, lock=False)).values()}
    teams = await store.teams(tx, await store.beside(tx, offers), lock=True)
    seats: dict[int, list[Seat]] = {team_id: [] for team_id in teams}
    for seat in await store.seats(tx, teams) if teams else []:
        seats[seat.team_id].append(seat)
    short = [
        teams[id]
        for id in sorted(expected)
        if seats.get(id) == expected[id] and all(seat.paid_at is not None for seat in seats[id])
    ]
    merging = [team for team in short if team.short == Short.MERGE and seats[team.id]]
    ended = [await _fall_short(tx, team, seats[team.id]) for team in short if team not in merging]
    ended.append(await _merge(tx, merging, teams, seats))
    return Ended(*(tuple(each for one in ended for each in one[at]) for at in range(2)))


async def _fall_short(tx: Tx, team: TeamValue, seats: Sequence[Seat]) -> Ended:
    orders = tuple(seat.order_id for seat in seats)
    if not seats:
        await _end(tx, team, "dissolve", TeamState.EMPTY, seats)
        return Ended()
    if team.short == Short.SHIP_AT_BASE:
        await _end(tx, team, "ship_at_base", TeamState.AT_BASE, seats)
        return Ended(ship=orders)
    await _end(tx, team, "refund", TeamState.REFUNDED, seats)
    return Ended(refund=orders)


async def _merge(
    tx: Tx, short: Sequence[TeamValue], teams: dict[int, TeamValue], seats: dict[int, list[Seat]]
) -> Ended:
    """Merge short teams of one offer, place and price; those that find no other are refunded."""
    ship: list[int] = []
    refund: list[int] = []
    for like in sorted({_alike(team) for team in short}):
        ending = [team for team in short if _alike(team) == like]
        others = [team for team in teams.values() if _alike(team) == like and team not in ending]
        moved = rules.merging([_group(t, seats) for t in ending], [_group(t, seats) for t in others])
        for source, target in moved.items():
            await _join(tx, teams[source], target, seats)
        for team_id in sorted({team.id for team in (*ending, *others)} - moved.keys()):
            state, whole = await _complete_if_full(tx, teams[team_id])
            ship += whole.ship
            if state == TeamState.OPEN and teams[team_id] in ending:
                refund += (await _fall_short(tx, teams[team_id], seats[team_id])).refund
    return Ended(ship=tuple(ship), refund=tuple(refund))


def _alike(team: TeamValue) -> tuple[int, int, int, str]:
    return team.offer_id, team.place, team.price_fen, team.short


def _group(team: TeamValue, seats: dict[int, list[Seat]]) -> Group:
    return Group(team.id, team.size, team.seats_taken, frozenset(seat.member_id for seat in seats[team.id]))


async def _join(tx: Tx, team: TeamValue, target_id: int, seats: dict[int, list[Seat]]) -> None:
    moving = seats.pop(team.id)
    await _end(tx, team, "merge", TeamState.MERGED, moving, into_id=target_id)
    await store.set_seats(tx, [seat.order_id for seat in moving], team_id=target_id)
    seats[target_id] += moving
    await store.change(tx, target_id, seats_taken=len(seats[target_id]))


async def _end(
    tx: Tx, team: TeamValue, verb: str, state: TeamState, seats: Sequence[Seat], into_id: int | None = None
) -> None:
    values = {"ended_at": tx.now, "into_id": into_id}
    await move(tx, Team, TEAM, verb, key={"id": team.id}, values=values)
    if state in WORDS:
        told = [(f"member:{seat.member_id}", {"title": "拼团结果", "text": WORDS[state]}) for seat in seats]
        await people.notify_many(tx, event=f"team.{state}", messages=told)
