"""Routes of remedies: customer service reads cases with their evidence and decides, the member agrees."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.aftersale.case import commands as cases
from linli.aftersale.case.model import FAMILY_OF, STATE_WORDS, UNFINISHED, CaseState, CaseValue, Family, Kind, Urgency
from linli.aftersale.case.queries import Wanted
from linli.aftersale.case.queries import cases as list_of
from linli.aftersale.case.rules import answer_clock, refund_clock
from linli.aftersale.remedy import commands, queries
from linli.aftersale.remedy.model import Liability, Outcome
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, Quantity, Short, View

console = Audience("console", "remedy")
app = Audience("app", "remedy")
routers = [console.router, app.router]

Limit = Annotated[int, Query(ge=1, le=200)]
Words = Annotated[Short, Field(max_length=500)]


class Decision(Body):
    """Reject, or refund pieces or fen (neither: all that is claimed); with `ask_member` the member has to agree."""

    outcome: Outcome
    quantity: Quantity | None = None
    amount_fen: FenAmount | None = None
    liability: Liability | None = None
    reply: Words
    ask_member: bool = False


class Said(Body):
    """What somebody says."""

    words: Words


class ConsoleCaseView(View):
    """A case as customer service sees it; `overdue` when one of its clocks ran out."""

    id: PublicId
    order_id: PublicId
    line_id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    leader_id: PublicId
    member_id: PublicId
    supplier_id: PublicId
    sku_id: PublicId
    name: str
    spec: str
    unit: str
    kind: Kind
    family: Family
    pieces: int
    worth_fen: int
    cost_fen: int
    story: str
    photos: list[str]
    state: CaseState
    state_words: str
    opened_at: datetime
    answer_due_at: datetime
    answer_clock: Urgency
    refund_due_at: datetime
    refund_clock: Urgency
    overdue: bool
    answer: str
    answered_at: datetime | None
    answered_by: str
    escalation: str
    outcome: str
    liability: str
    reply: str
    refund_pieces: int
    refund_fen: int
    refund_id: PublicId | None
    automatic: bool
    decided_at: datetime | None
    decided_by: str
    finished_at: datetime | None
    rating: int | None
    rating_words: str


class ConsoleCasePage(View):
    """One page of cases."""

    items: list[ConsoleCaseView]
    next: PublicId | None


class LotView(View):
    """A delivery that pieces of the sku came from; the temperature in tenths of a degree."""

    receipt_id: PublicId
    supplier_id: PublicId
    lot: str
    produced_on: date | None
    expires_on: date | None
    temperature_tenths: int | None
    accepted: int
    received_at: datetime


class StepView(View):
    """One move of the case."""

    verb: str
    origin: str
    target: str
    at: datetime
    by: str
    reason: str


class LineView(View):
    """The order line in pieces and fen."""

    quantity: int
    short_quantity: int
    collected_quantity: int
    refunded_quantity: int
    unit_price_fen: int
    paid_fen: int
    refunded_fen: int


class EvidenceView(View):
    """A case with what every room knows of it."""

    case: ConsoleCaseView
    line: LineView
    serial: int | None
    order_state: str
    station_name: str
    nickname: str
    place: str
    recent_cases: int
    collected_at: datetime | None
    collected_by: str
    lots: list[LotView]
    expected_totes: int | None
    received_totes: int | None
    received_at: datetime | None
    handover_note: str
    steps: list[StepView]


class AgreedView(View):
    """What became of a case by the member's word."""

    id: PublicId
    state: CaseState
    refund_fen: int


def _view(value: CaseValue, now: datetime) -> ConsoleCaseView:
    same = {name: getattr(value, name) for name in ConsoleCaseView.model_fields if hasattr(value, name)}
    answering = answer_clock(state=value.state, opened_at=value.opened_at, due_at=value.answer_due_at, now=now)
    refunding = refund_clock(
        finished=value.state not in UNFINISHED, waiting_since=value.waiting_since, opened_at=value.opened_at,
        due_at=value.refund_due_at, now=now,
    )  # fmt: skip
    computed = {
        "family": FAMILY_OF[value.kind], "state_words": STATE_WORDS[value.state], "photos": list(value.photos),
        "answer_clock": answering, "refund_clock": refunding, "overdue": Urgency.OVERDUE in (answering, refunding),
    }  # fmt: skip
    return ConsoleCaseView.model_validate(same | computed)


@console.get("/cases", permission="case.manage")
async def list_cases(
    call: CallOf,
    state: CaseState | None = None,
    overdue: bool = False,
    after: PublicId | None = None,
    limit: Limit = 50,
) -> ConsoleCasePage:
    async with call.reading() as tx:
        wanted = Wanted(state=state, overdue_at=tx.now if overdue else None)
        items = [_view(value, tx.now) for value in await list_of(tx, wanted, after=after, limit=limit)]
    return ConsoleCasePage(items=items, next=items[-1].id if len(items) == limit else None)


@console.get("/cases/{case_id}", permission="case.manage")
async def get_evidence(case_id: PublicId, call: CallOf) -> EvidenceView:
    async with call.reading() as tx:
        found = await queries.evidence(tx, case_id)
        shown = _view(found.case, tx.now)
    same = ("recent_cases", "collected_at", "collected_by", "received_at", "expected_totes", "received_totes")
    return EvidenceView(
        case=shown, line=LineView.model_validate(found.line), serial=found.order.serial,
        order_state=str(found.order.state), station_name=found.station_name, nickname=found.member.nickname,
        place=found.member.place, lots=[LotView.model_validate(lot) for lot in found.lots],
        steps=[StepView.model_validate(step) for step in found.steps], handover_note=found.handover_note,
        **{name: getattr(found, name) for name in same},
    )  # fmt: skip


@console.post("/cases/{case_id}/answer", permission="case.manage")
async def answer(case_id: PublicId, body: Said, call: CallOf) -> ConsoleCaseView:
    async def work(tx: Tx) -> ConsoleCaseView:
        return _view(await cases.answer_case(tx, case_id=case_id, answer=body.words), tx.now)

    return await call.write(work)


@console.post("/cases/{case_id}/verification", permission="case.manage")
async def verify(case_id: PublicId, call: CallOf) -> ConsoleCaseView:
    async def work(tx: Tx) -> ConsoleCaseView:
        return _view(await commands.verify(tx, case_id=case_id), tx.now)

    return await call.write(work)


@console.post("/cases/{case_id}/escalation", permission="case.manage")
async def escalate(case_id: PublicId, body: Said, call: CallOf) -> ConsoleCaseView:
    async def work(tx: Tx) -> ConsoleCaseView:
        return _view(await cases.escalate(tx, case_id=case_id, reason=body.words), tx.now)

    return await call.write(work)


@console.post("/cases/{case_id}/decision", permission="case.manage")
async def decide(case_id: PublicId, body: Decision, call: CallOf) -> ConsoleCaseView:
    async def work(tx: Tx) -> ConsoleCaseView:
        given = {name: getattr(body, name) for name in Decision.model_fields}
        return _view(await commands.decide(tx, case_id=case_id, **given), tx.now)

    return await call.write(work)


@app.post("/cases/{case_id}/agreement", permission="case.open")
async def agree(case_id: PublicId, call: CallOf) -> AgreedView:
    async def work(tx: Tx) -> AgreedView:
        agreed = await commands.agree(tx, case_id=case_id, member_id=call.who.person_id)
        return AgreedView(id=agreed.id, state=agreed.state, refund_fen=agreed.refund_fen)

    return await call.write(work)
