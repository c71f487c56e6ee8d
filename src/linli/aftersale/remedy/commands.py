"""Deciding cases, and carrying the decision out: the refund, who bears it, and the end of the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linli import money, ordering, people
from linli.aftersale.case import store as cases
from linli.aftersale.case.model import CaseState, CaseValue, Kind
from linli.aftersale.case.queries import NoSuchCase, case
from linli.aftersale.case.records import Case
from linli.aftersale.case.rules import due_after_pause, needs_photo
from linli.aftersale.claim import store as claims
from linli.aftersale.remedy import store
from linli.aftersale.remedy.events import CaseDecided, CaseDone
from linli.aftersale.remedy.model import Award, Liability, Outcome
from linli.aftersale.remedy.rules import award, cost_of, needs_no_person, settled_pieces
from linli.aftersale.remedy.settings import policy_of
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx

AUTOMATIC_REPLY = "小额售后，已自动退款"


class DecisionUnclear(BadInput):
    """A refund names either pieces or fen (or neither: all that is claimed) and who bears it; a rejection neither."""

    title = "处理结果不明确"


class MoreThanClaimed(Conflict):
    """More would go back than was claimed; facts: pieces, worth_fen."""

    title = "退款超过申请的范围"


async def verify(tx: Tx, *, case_id: int) -> CaseValue:
    """Take a case up to look into it; twice is once; refuses NoSuchCase and WrongState."""
    await _locked(tx, case_id)
    await cases.advance(tx, case_id, "verify")
    return await case(tx, case_id)


async def decide(
    tx: Tx,
    *,
    case_id: int,
    outcome: Outcome,
    quantity: int | None = None,
    amount_fen: int | None = None,
    liability: Liability | None = None,
    reply: str,
    ask_member: bool = False,
) -> CaseValue:
    """Decide a case: reject it, or refund pieces or fen of it at once, or with `ask_member` when the member agrees.

    Refuses NoSuchCase, DecisionUnclear, MoreThanClaimed, WrongState (it was decided before), and what refunds refuse.
    """
    row = await _locked(tx, case_id)
    await cases.advance(tx, case_id, "verify")
    if outcome is Outcome.REJECT:
        if quantity is not None or amount_fen is not None or ask_member:
            raise DecisionUnclear("a rejection gives nothing back")
        await _reject(tx, row, liability, reply)
        return await case(tx, case_id)
    if liability is None or (quantity is not None and amount_fen is not None) or amount_fen == 0:
        raise DecisionUnclear("say how many pieces or how many fen, and who bears it")
    given = award(
        pieces=row.pieces, worth_fen=row.worth_fen, wanted_fen=amount_fen,
        wanted_pieces=row.pieces if quantity is None and amount_fen is None else quantity,
    )  # fmt: skip
    if given is None:
        raise MoreThanClaimed("more than was claimed", pieces=row.pieces, worth_fen=row.worth_fen)
    await _propose(tx, row, given, liability, reply, asks_member=ask_member)
    if not ask_member:
        await _carry_out(tx, row.id)
    return await case(tx, case_id)


async def _reject(tx: Tx, row: Case, liability: Liability | None, reply: str) -> None:
    decision = _decision(tx, Outcome.REJECT, liability or "", reply, Award(0, 0))
    await cases.advance(tx, row.id, "reject", reason=reply, **decision, finished_at=tx.now)
    await claims.locked(tx, row.line_id)
    await claims.let_go(tx, row.line_id, pieces=row.pieces, fen=row.worth_fen)
    await _announce(tx, row, decision, asks_member=False)


async def _propose(
    tx: Tx, row: Case, given: Award, liability: Liability, reply: str, *, asks_member: bool, **more: Any
) -> None:
    decision = _decision(tx, Outcome.REFUND, liability, reply, given) | more
    waiting = tx.now if asks_member else None
    await cases.advance(tx, row.id, "propose", reason=reply, **decision, waiting_since=waiting)
    await _announce(tx, row, decision, asks_member=asks_member)


def _decision(tx: Tx, outcome: Outcome, liability: str, reply: str, given: Award) -> dict[str, Any]:
    return {
        "outcome": str(outcome), "liability": str(liability), "reply": reply, "refund_pieces": given.pieces,
        "refund_fen": given.fen, "decided_at": tx.now, "decided_by": tx.by,
    }  # fmt: skip


async def _announce(tx: Tx, row: Case, decision: dict[str, Any], *, asks_member: bool) -> None:
    names = ("order_id", "line_id", "cycle_id", "station_id", "leader_id", "member_id", "supplier_id")
    whose = {name: getattr(row, name) for name in names}
    said = {name: decision[name] for name in ("outcome", "liability", "refund_fen", "reply")}
    await tx.announce(CaseDecided(case_id=row.id, **whose, **said, asks_member=asks_member))


async def agree(tx: Tx, *, case_id: int, member_id: int) -> CaseValue:
    """Let the member agree to what was proposed: the money goes back; refuses NoSuchCase and WrongState."""
    row = await _locked(tx, case_id, Case.member_id == member_id)
    due_at = due_after_pause(row.refund_due_at, waiting_since=row.waiting_since, now=tx.now)
    await _carry_out(tx, case_id, refund_due_at=due_at)
    return await case(tx, case_id)


async def _carry_out(tx: Tx, case_id: int, **values: Any) -> None:
    """Give back what was proposed for a locked case, and write down who bears it."""
    await cases.advance(tx, case_id, "agree", waiting_since=None, **values)
    await cases.advance(tx, case_id, "execute")
    row = await _locked(tx, case_id)
    given = Award(row.refund_pieces, row.refund_fen)
    await claims.locked(tx, row.line_id)
    refund_id = await _refund(tx, row, given)
    await claims.let_go(
        tx, row.line_id, pieces=row.pieces, fen=row.worth_fen,
        settled_pieces=settled_pieces(given, pieces=row.pieces), settled_fen=given.fen,
    )  # fmt: skip
    await _charge_cost(tx, row, given)
    await cases.change(tx, case_id, refund_id=refund_id)
    if refund_id is None:  # a gift was claimed: there is no money to wait for
        await _finish(tx, row)


async def _refund(tx: Tx, row: Case, given: Award) -> int | None:
    reason = f"售后单{row.id}"
    await ordering.refund_line(
        tx, line_id=row.line_id, quantity=given.pieces, amount_fen=given.fen, reason=reason, ref_kind="case",
        ref_id=row.id,
    )  # fmt: skip
    # The door answers with the fen only; among the order's refunds the reason, which names the case, tells ours.
    refunds = await money.refunds_of_order(tx, row.order_id)
    found = [refund.id for refund in refunds if refund.reason == reason]
    assert bool(found) == bool(given.fen), "a refund of money has left its trace in the same transaction"
    return found[0] if found else None


async def _charge_cost(tx: Tx, row: Case, given: Award) -> None:
    cost = cost_of(given, cost_fen=row.cost_fen, pieces=row.pieces, worth_fen=row.worth_fen)
    by_supplier = row.liability == Liability.SUPPLIER
    entry = money.Entry(
        money.EntryKind.SUPPLIER_CLAIM if by_supplier else money.EntryKind.GOODS_LOST, cost, "case", row.id,
        cycle_id=row.cycle_id, station_id=row.station_id, owner_id=row.supplier_id if by_supplier else 0,
    )  # fmt: skip
    await money.record(tx, entries=[entry])


async def finish_refunded(tx: Tx, *, order_id: int, refund_id: int) -> bool:
    """End the case whose money came back with a refund of an order; False when it is no case's, or was told before."""
    row = await cases.waiting_for_refund(tx, order_id, refund_id)
    return row is not None and row.state == CaseState.EXECUTING and await _finish(tx, row)


async def _finish(tx: Tx, row: Case) -> bool:
    moved = await cases.advance(tx, row.id, "finish", finished_at=tx.now)
    product = f"{row.name} {row.spec}"
    await tx.announce(CaseDone(case_id=row.id, member_id=row.member_id, product=product, refund_fen=row.refund_fen))
    return moved


async def refund_small(tx: Tx, *, case_id: int) -> bool:
    """Refund a fresh case without a person when it is small and clear and the region's budget of the day allows it.

    True when it was refunded; whatever stands against it leaves the case to people. Refuses NoSuchCase.
    """
    row = await _locked(tx, case_id)
    if row.state != CaseState.OPENED:
        return False
    policy = await policy_of(tx)
    day = tx.now.astimezone(ZoneInfo((await people.clock_of(tx)).timezone)).date()
    since = tx.now - timedelta(days=policy.days)
    of_line, of_member = await cases.count_besides(
        tx, case_id, line_id=row.line_id, member_id=row.member_id, since=since
    )
    small = needs_no_person(
        clear=needs_photo(Kind(row.kind)), worth_fen=row.worth_fen, cases_of_line=of_line, cases_of_member=of_member,
        policy=policy,
    )  # fmt: skip
    if not small or not await store.spend(tx, day, row.worth_fen, policy.budget_fen):
        return False
    await cases.advance(tx, case_id, "verify", reason="automatic")
    given = Award(row.pieces, row.worth_fen)
    await _propose(tx, row, given, Liability.PLATFORM, AUTOMATIC_REPLY, asks_member=False, automatic_on=day)
    await _carry_out(tx, case_id)
    return True


async def _locked(tx: Tx, case_id: int, *conditions: Any) -> Case:
    row = await cases.locked(tx, case_id, *conditions)
    if row is None:
        raise NoSuchCase(f"no case {case_id}")
    return row
