"""What people do with a case before it is decided: open it, answer it, pass it on; and rate it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from linli import ordering, people
from linli.aftersale.case import store
from linli.aftersale.case.events import CaseAnswered, CaseEscalated, CaseOpened
from linli.aftersale.case.model import CaseState, CaseValue, Kind
from linli.aftersale.case.queries import NoSuchCase, case
from linli.aftersale.case.records import Case
from linli.aftersale.case.rules import due_after_pause, needs_photo, window_ends
from linli.aftersale.case.settings import ANSWER_MINUTES, REFUND_HOURS
from linli.aftersale.claim import store as claims
from linli.aftersale.claim.rules import free_pieces, worth
from linli.aftersale.photo.commands import use_photos
from linli.kernel.ids import day_of
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.platform.settings import value_of


class NotCollectedYet(Conflict):
    """The order was not collected whole yet: what lacks or is bad is settled at the station first."""

    title = "还没有提货，不能申请售后"


class WindowOver(Conflict):
    """It is too late to complain about this; facts: until."""

    title = "已超过售后期限"


class PhotoNeeded(BadInput):
    """A complaint about quality shows what is wrong."""

    title = "请上传至少一张照片"


class NothingLeftToClaim(Conflict):
    """More pieces are claimed than were collected and are not refunded or claimed yet; facts: left."""

    title = "可申请的数量不足"


class AnsweredAlready(Conflict):
    """The first answer was given, in other words."""

    title = "已经答复过了"


class RatedAlready(Conflict):
    """The case was rated, otherwise."""

    title = "已经评价过了"


async def open_case(
    tx: Tx, *, member_id: int, line_id: int, kind: Kind, pieces: int, story: str = "", photos: Sequence[str] = ()
) -> CaseValue:
    """Open a case for pieces of a line that the member collected, and hold them; returns it.

    Refuses OrderNotFound (also for a neighbour's line), NotCollectedYet, WindowOver, PhotoNeeded, NothingLeftToClaim
    and PhotoUnknown.
    """
    order, line = await _own_line(tx, line_id, member_id)
    if order.collected_at is None or not line.collected_quantity:
        raise NotCollectedYet("collect the order first", state=str(order.state))
    until = window_ends(
        kind, collected_at=order.collected_at, quality_hours=line.quality_window_hours,
        order_hours=line.order_window_hours,
    )  # fmt: skip
    if tx.now > until:
        raise WindowOver("the time to complain is over", until=until.isoformat())
    if needs_photo(kind) and not photos:
        raise PhotoNeeded("show what is wrong on at least one photo")
    worth_fen = await _hold(tx, line_id, member_id, pieces)
    case_id = await tx.new_id(day_of(line_id))
    row = {"id": case_id, "kind": kind, "pieces": pieces, "worth_fen": worth_fen, "story": story}
    await store.add(tx, row | _of_order(order, line) | await _clocks(tx))
    await use_photos(tx, member_id=member_id, case_id=case_id, names=photos)
    whose = {name: getattr(order, name) for name in ("station_id", "leader_id", "member_id")}
    product = f"{line.name} {line.spec}"
    await tx.announce(
        CaseOpened(
            case_id=case_id, order_id=order.id, line_id=line_id, kind=str(kind), product=product, worth_fen=worth_fen,
            **whose,
        )
    )  # fmt: skip
    return await case(tx, case_id)


async def _own_line(tx: Tx, line_id: int, member_id: int) -> tuple[ordering.OrderValue, ordering.LineValue]:
    found = await ordering.order_of_line(tx, line_id)
    order = await ordering.order_of_member(tx, found.id, member_id)
    return order, next(line for line in order.lines if line.id == line_id)


async def _hold(tx: Tx, line_id: int, member_id: int, pieces: int) -> int:
    """Hold pieces of a line and return what they are worth; the line is read under the claim's lock, so that two phones
    at once cannot claim the same pieces."""
    claim = await claims.locked(tx, line_id)
    _, line = await _own_line(tx, line_id, member_id)
    left = free_pieces(
        quantity=line.quantity, collected=line.collected_quantity, refunded=line.refunded_quantity,
        held=claim.held_pieces, settled=claim.settled_pieces,
    )  # fmt: skip
    if pieces > left:
        raise NothingLeftToClaim("more than is left to claim", left=left)
    fen = worth(
        paid_fen=line.paid_fen, refunded_fen=line.refunded_fen, held_fen=claim.held_fen, quantity=line.quantity,
        collected=line.collected_quantity, taken=claim.held_pieces + claim.settled_pieces, pieces=pieces,
    )  # fmt: skip
    most_fen = line.paid_fen - line.refunded_fen + claim.settled_fen
    await claims.hold(tx, line_id, pieces=pieces, fen=fen, most_pieces=line.collected_quantity, most_fen=most_fen)
    return fen


def _of_order(order: ordering.OrderValue, line: ordering.LineValue) -> dict[str, Any]:
    whose = {name: getattr(order, name) for name in ("cycle_id", "station_id", "leader_id", "member_id")}
    goods = {name: getattr(line, name) for name in ("supplier_id", "sku_id", "name", "spec", "unit", "cost_fen")}
    return {"order_id": order.id, "line_id": line.id, **whose, **goods}


async def _clocks(tx: Tx) -> dict[str, Any]:
    minutes, hours = await value_of(tx, ANSWER_MINUTES), await value_of(tx, REFUND_HOURS)
    return {
        "opened_at": tx.now,
        "answer_due_at": tx.now + timedelta(minutes=minutes),
        "refund_due_at": tx.now + timedelta(hours=hours),
    }


async def answer_case(tx: Tx, *, case_id: int, answer: str, leader_id: int | None = None) -> CaseValue:
    """Give the first answer, as customer service or as the leader of the case's station; the same words twice are once.

    Refuses NoSuchCase (also for another leader's station), AnsweredAlready and WrongState.
    """
    own = () if leader_id is None else (Case.station_id.in_(await stations_of(tx, leader_id=leader_id)),)
    row = await _locked(tx, case_id, *own)
    values = {"answer": answer, "answered_at": tx.now, "answered_by": tx.by}
    if await store.advance(tx, case_id, "answer", reason=answer, **values):
        await tx.announce(CaseAnswered(case_id=case_id, member_id=row.member_id, answer=answer))
    elif row.answer != answer:
        raise AnsweredAlready("answered before in other words")
    return await case(tx, case_id)


async def stations_of(tx: Tx, *, leader_id: int) -> list[int]:
    """Return the ids of a leader's stations."""
    return [station.id for station in await people.stations_of_leader(tx, leader_id)]


async def escalate(tx: Tx, *, case_id: int, reason: str, member_id: int | None = None) -> CaseValue:
    """Pass a case to a higher desk, as customer service or as its member, who does not agree; twice is once.

    Refuses NoSuchCase (also for a neighbour's) and WrongState.
    """
    row = await _locked(tx, case_id, *(() if member_id is None else (Case.member_id == member_id,)))
    due_at = due_after_pause(row.refund_due_at, waiting_since=row.waiting_since, now=tx.now)
    values = {"escalation": reason, "refund_due_at": due_at, "waiting_since": None}
    if await store.advance(tx, case_id, "escalate", reason=reason, **values):
        told = {"product": f"{row.name} {row.spec}", "reason": reason}
        await tx.announce(CaseEscalated(case_id=case_id, member_id=row.member_id, **told))
    return await case(tx, case_id)


async def rate(tx: Tx, *, case_id: int, member_id: int, rating: int, words: str = "") -> CaseValue:
    """Write how content the member is with a case that is done, 1 to 5; the same rating twice is once.

    Refuses NoSuchCase (also for a neighbour's), RatedAlready and WrongState.
    """
    row = await _locked(tx, case_id, Case.member_id == member_id)
    if row.state == CaseState.FOLLOWED_UP and (row.rating, row.rating_words) != (rating, words):
        raise RatedAlready("rated before")
    await store.advance(tx, case_id, "follow_up", reason=words, rating=rating, rating_words=words)
    return await case(tx, case_id)


async def _locked(tx: Tx, case_id: int, *conditions: Any) -> Case:
    row = await store.locked(tx, case_id, *conditions)
    if row is None:
        raise NoSuchCase(f"no case {case_id}")
    return row
