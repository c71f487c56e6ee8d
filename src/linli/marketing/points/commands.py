"""Points at work: earned and taken back, signed in for, granted, expired, spent by orders and given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from linli import people
from linli.kernel.price import Quote, Term
from linli.kernel.refusals import Conflict
from linli.marketing.points import store
from linli.marketing.points.model import EarnTerm, Movement, Part, PointsTerm, PointsValue, Programme
from linli.marketing.points.queries import local_day, points_of, programme, sign_in_ref
from linli.marketing.points.rules import (
    ALL,
    draw,
    due_back,
    earned,
    expiry,
    hand_back,
    needed,
    wanted_points,
)
from linli.marketing.points.store import Change
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.platform.database import Tx


class NotEnoughPoints(Conflict):
    """The member has fewer points than are to be spent; facts: have."""

    title = "积分不足"


class NoSignIn(Conflict):
    """The region gives no points for signing in."""

    title = "暂未开放签到"


async def earn_points(tx: Tx, *, member_id: int, order_id: int, fen: int, part: str) -> int:
    """Give a member the points for fen of an order that was collected, once per part; returns how many."""
    rules = await programme(tx)
    points = earned(fen, rules.each_yuan)
    if points <= 0:
        return 0
    last_day = expiry(await local_day(tx), rules.kept_years)
    ref = f"earn:{order_id}:{part}"
    change = Change(member_id, last_day, points, Movement.EARNED, ref, order_id, fen, "提货获得积分")
    return points if await store.write_once(tx, change) else 0


async def take_points_back(tx: Tx, *, order_id: int, refund_id: int, reversed_fen: int) -> int:
    """Take back the points that an order had earned by fen that were refunded since; returns how many were taken.

    A member who has spent them meanwhile keeps an empty purse, not a debt.
    """
    members = await store.member_of(tx, [order_id])
    if not members or reversed_fen <= 0:
        return 0
    await store.lock_all(tx, members)
    gained = await store.earned_by(tx, order_id)
    got, fen = gained.get(Movement.EARNED, (0, 0))
    fen_before = gained.get(Movement.TAKEN_BACK, (0, 0))[1]
    if not got:
        return 0
    owed = due_back(got, min(fen, fen_before + reversed_fen), fen) - due_back(got, min(fen, fen_before), fen)
    (member_id,) = members
    today = await local_day(tx)
    have = (await store.purses(tx, [member_id], today, lock=True)).get(member_id, [])
    parts = draw(have, min(owed, sum(part.points for part in have))) or [Part(today, 0)]
    ref = f"take_back:{refund_id}"
    changes = [
        Change(member_id, part.expires_on, -part.points, Movement.TAKEN_BACK, ref, order_id, fen_of, "退款扣回积分")
        for part, fen_of in zip(parts, [reversed_fen, *[0] * len(parts)], strict=False)
    ]
    await store.write(tx, changes)
    return sum(part.points for part in parts)


async def refund_points(tx: Tx, *, order_id: int, refunded_fen: int, paid_fen: int) -> int:
    """Give back of the points that an order spent what belongs to the fen refunded of it so far; returns how many.

    Told twice it gives nothing more.
    """
    return await _give_back(tx, [order_id], refunded_fen, paid_fen)


async def sign_in(tx: Tx, *, member_id: int) -> PointsValue:
    """Give a member the points of signing in, once a day of the region's calendar; refuses NoSignIn."""
    rules, today = await programme(tx), await local_day(tx)
    if not rules.sign_in:
        raise NoSignIn("signing in gives no points here")
    last_day = expiry(today, rules.kept_years)
    ref = sign_in_ref(member_id, today)
    await store.write_once(tx, Change(member_id, last_day, rules.sign_in, Movement.SIGNED_IN, ref, note="每日签到"))
    return await points_of(tx, member_id)


async def grant_points(tx: Tx, *, member_id: int, points: int, reason: str, ref: str) -> PointsValue:
    """Give a member points by hand, once per ref; refuses NoSuchMember."""
    await people.member(tx, member_id)
    last_day = expiry(await local_day(tx), (await programme(tx)).kept_years)
    await store.write_once(tx, Change(member_id, last_day, points, Movement.GRANTED, f"grant:{ref}", note=reason))
    return await points_of(tx, member_id)


async def expire_points(tx: Tx) -> int:
    """Empty the purses whose last day is over; returns how many; safe with several workers."""
    today = await local_day(tx)
    changes = [
        Change(
            member_id, part.expires_on, -part.points, Movement.EXPIRED,
            f"expire:{member_id}:{part.expires_on.isoformat()}:{await tx.new_id()}", note="积分到期",
        )
        for member_id, part in await store.overdue(tx, today)
    ]  # fmt: skip
    await store.write(tx, changes)
    return len(changes)


async def _give_back(tx: Tx, order_ids: Sequence[int], refunded_fen: int = 1, paid_fen: int = 1) -> int:
    members = await store.member_of(tx, order_ids)
    if not members:
        return 0
    await store.lock_all(tx, members)  # what came back so far is read under the lock
    spent: dict[tuple[int, int], dict[str, dict[date, int]]] = {}
    for order_id, member_id, kind, expires_on, points in await store.used_by(tx, order_ids):
        spent.setdefault((order_id, member_id), {}).setdefault(kind, {})[expires_on] = points
    changes: list[Change] = []
    for (order_id, member_id), moved in spent.items():
        out, back = moved.get(Movement.SPENT, {}), moved.get(Movement.GIVEN_BACK, {})
        due = due_back(sum(out.values()), refunded_fen, paid_fen)
        parts = hand_back(out, back, due - sum(back.values()))
        ref = f"back:{order_id}:{due}"
        changes += [
            Change(
                member_id, part.expires_on, part.points, Movement.GIVEN_BACK, ref, order_id, note="订单退回积分"
            )
            for part in parts
        ]  # fmt: skip
    await store.write(tx, changes)
    return sum(change.points for change in changes)


class PointsDesk(Desk):
    """The points of the members of a batch, as they are spent one order after another."""

    def __init__(self, purses: Mapping[int, list[Part]], rules: Programme) -> None:
        self.rules = rules
        self.purses = {member_id: list(parts) for member_id, parts in purses.items()}
        self.changes: list[Change] = []

    def _have(self, member_id: int) -> int:
        return sum(part.points for part in self.purses.get(member_id, ()))

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the term of the points that an order would spend; refuses PointsUnclear and NotEnoughPoints."""
        have = self._have(ask.member_id)
        points = wanted_points(ask.using, have)
        if points > have:
            raise NotEnoughPoints("not that many points", have=have)
        if not points:
            return ()
        asked = ask.using.get("points") != ALL
        return [
            PointsTerm(
                source=f"points:{ask.member_id}", label="积分抵扣", asked=asked, points=points,
                per_yuan=self.rules.per_yuan, most_bp=self.rules.most_bp,
            )
        ]  # fmt: skip

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Draw the points that an accepted order spends from its member's purses."""
        fen = sum(-step.amount_fen for step in quote.steps if step.source == f"points:{ask.member_id}")
        if not fen:
            return
        have = {part.expires_on: part.points for part in self.purses[ask.member_id]}
        for part in draw(self.purses[ask.member_id], needed(fen, self.rules.per_yuan)):
            have[part.expires_on] -= part.points
            ref = f"spend:{order_id}"
            self.changes.append(
                Change(
                    ask.member_id, part.expires_on, -part.points, Movement.SPENT, ref, order_id, fen, "下单抵扣"
                )
            )  # fmt: skip
            fen = 0  # the money stands on the first part
        self.purses[ask.member_id] = [Part(expires_on, points) for expires_on, points in have.items()]

    async def write(self, tx: Tx) -> None:
        """Write what all accepted orders spent."""
        await store.write(tx, self.changes)


@promotion
class PointsPromotion(Promotion):
    """Points that orders spend: a number of them, or all."""

    name = "points"

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Read (and lock, when holding) the purses of the members who spend points in this batch."""
        members = {ask.member_id for ask in asks if ask.using.get("points")}
        if not members:
            return None
        return PointsDesk(await store.purses(tx, members, await local_day(tx), lock=holding), await programme(tx))

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Give back all points of orders that did not come back yet."""
        await _give_back(tx, order_ids)


@promotion
class EarnPromotion(Promotion):
    """Points that a basket will earn, where the region gives any; they are given when it is collected."""

    name = "earn"

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Open where the region gives points."""
        rules = await programme(tx)
        return EarnDesk(rules.each_yuan) if rules.each_yuan else None


class EarnDesk(Desk):
    """Tells each quote how many points it will earn."""

    def __init__(self, each_yuan: int) -> None:
        self.each_yuan = each_yuan

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the term that counts the points."""
        return [EarnTerm(source="earn:1", label="提货后获得积分", each_yuan=self.each_yuan)]
