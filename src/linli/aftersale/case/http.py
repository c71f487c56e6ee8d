"""Routes of cases for members and leaders."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from linli import people
from linli.aftersale.case import commands, queries
from linli.aftersale.case.model import FAMILY_OF, STATE_WORDS, UNFINISHED, CaseState, CaseValue, Family, Kind, Urgency
from linli.aftersale.case.rules import answer_clock, refund_clock
from linli.aftersale.photo.queries import NoSuchPhoto, case_of_photo
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Quantity, Remark, Short, View

app = Audience("app", "case")
leader = Audience("leader", "case")
routers = [app.router, leader.router]

Limit = Annotated[int, Query(ge=1, le=200)]
PhotoName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}\.webp$")]


class NewCase(Body):
    """A complaint about pieces of one line: rotten, damaged, expired (with photos), missing or wrong."""

    line_id: PublicId
    kind: Kind
    quantity: Quantity
    story: Remark = ""
    photos: Annotated[list[PhotoName], Field(max_length=9, default_factory=list)]


class Said(Body):
    """What somebody says."""

    words: Short


class Answer(Body):
    """The first answer to a case."""

    answer: Annotated[Short, Field(max_length=500)]


class Rating(Body):
    """How content the member is, 1 to 5."""

    rating: Annotated[int, Field(ge=1, le=5, strict=True)]
    words: Remark = ""


class CaseView(View):
    """A case as its member sees it; what is proposed or decided is in `refund_fen`, fen at most `worth_fen`."""

    id: PublicId
    order_id: PublicId
    line_id: PublicId
    station_id: PublicId
    name: str
    spec: str
    unit: str
    kind: Kind
    family: Family
    pieces: int
    worth_fen: int
    story: str
    photos: list[str]
    state: CaseState
    state_words: str
    opened_at: datetime
    answer: str
    answered_at: datetime | None
    answer_due_at: datetime
    answer_clock: Urgency
    refund_due_at: datetime
    refund_clock: Urgency
    outcome: str
    reply: str
    refund_pieces: int
    refund_fen: int
    automatic: bool
    decided_at: datetime | None
    finished_at: datetime | None
    rating: int | None


class LeaderCaseView(CaseView):
    """A case as the leader of its station sees it."""

    nickname: str
    place: str


class CasePage(View):
    """One page of a member's cases."""

    items: list[CaseView]
    next: PublicId | None


class LeaderCasePage(View):
    """One page of the cases of a leader's stations."""

    items: list[LeaderCaseView]
    next: PublicId | None


def _shape(value: CaseValue, now: datetime) -> dict[str, object]:
    same = {name: getattr(value, name) for name in CaseView.model_fields if hasattr(value, name)}
    return {
        **same,
        "family": FAMILY_OF[value.kind],
        "state_words": STATE_WORDS[value.state],
        "photos": list(value.photos),
        "answer_clock": answer_clock(
            state=value.state, opened_at=value.opened_at, due_at=value.answer_due_at, now=now
        ),
        "refund_clock": refund_clock(
            finished=value.state not in UNFINISHED, waiting_since=value.waiting_since, opened_at=value.opened_at,
            due_at=value.refund_due_at, now=now,
        ),
    }  # fmt: skip


def _view(value: CaseValue, now: datetime) -> CaseView:
    return CaseView.model_validate(_shape(value, now))


async def _for_leader(tx: Tx, found: list[CaseValue]) -> list[LeaderCaseView]:
    members = await people.members(tx, [value.member_id for value in found])
    return [
        LeaderCaseView.model_validate(
            _shape(value, tx.now)
            | {"nickname": members[value.member_id].nickname, "place": members[value.member_id].place}
        )
        for value in found
    ]


@app.post("/cases", permission="case.open")
async def open_case(body: NewCase, call: CallOf) -> CaseView:
    async def work(tx: Tx) -> CaseView:
        made = await commands.open_case(
            tx, member_id=call.who.person_id, line_id=body.line_id, kind=body.kind, pieces=body.quantity,
            story=body.story, photos=body.photos,
        )  # fmt: skip
        return _view(made, tx.now)

    return await call.write(work)


@app.get("/cases", permission="case.open")
async def list_cases(call: CallOf, after: PublicId | None = None, limit: Limit = 50) -> CasePage:
    async with call.reading() as tx:
        wanted = queries.Wanted(member_id=call.who.person_id)
        found = await queries.cases(tx, wanted, after=after, limit=limit)
        items = [_view(value, tx.now) for value in found]
    return CasePage(items=items, next=found[-1].id if len(found) == limit else None)


@app.get("/cases/{case_id}", permission="case.open")
async def get_case(case_id: PublicId, call: CallOf) -> CaseView:
    async with call.reading() as tx:
        return _view(await queries.case_of_member(tx, case_id, call.who.person_id), tx.now)


@app.post("/cases/{case_id}/escalation", permission="case.open")
async def escalate(case_id: PublicId, body: Said, call: CallOf) -> CaseView:
    async def work(tx: Tx) -> CaseView:
        member_id = call.who.person_id
        return _view(await commands.escalate(tx, case_id=case_id, reason=body.words, member_id=member_id), tx.now)

    return await call.write(work)


@app.post("/cases/{case_id}/rating", permission="case.open")
async def rate(case_id: PublicId, body: Rating, call: CallOf) -> CaseView:
    async def work(tx: Tx) -> CaseView:
        given = body.model_dump()
        return _view(await commands.rate(tx, case_id=case_id, member_id=call.who.person_id, **given), tx.now)

    return await call.write(work)


@leader.get("/cases", permission="case.own")
async def list_cases_of_leader(
    call: CallOf, state: CaseState | None = None, after: PublicId | None = None, limit: Limit = 50
) -> LeaderCasePage:
    async with call.reading() as tx:
        stations = await commands.stations_of(tx, leader_id=call.who.person_id)
        wanted = queries.Wanted(station_ids=tuple(stations), state=state)
        items = await _for_leader(tx, await queries.cases(tx, wanted, after=after, limit=limit))
    return LeaderCasePage(items=items, next=items[-1].id if len(items) == limit else None)


@leader.get("/cases/{case_id}", permission="case.own")
async def get_case_of_leader(case_id: PublicId, call: CallOf) -> LeaderCaseView:
    async with call.reading() as tx:
        stations = await commands.stations_of(tx, leader_id=call.who.person_id)
        return (await _for_leader(tx, [await queries.case_of_stations(tx, case_id, stations)]))[0]


@leader.post("/cases/{case_id}/answer", permission="case.own")
async def answer(case_id: PublicId, body: Answer, call: CallOf) -> LeaderCaseView:
    async def work(tx: Tx) -> LeaderCaseView:
        leader_id = call.who.person_id
        answered = await commands.answer_case(tx, case_id=case_id, answer=body.answer, leader_id=leader_id)
        return (await _for_leader(tx, [answered]))[0]

    return await call.write(work)


@leader.get("/photos/{name}", permission="case.own", response_class=Response)
async def get_photo_of_leader(name: PhotoName, call: CallOf) -> Response:
    async with call.reading() as tx:
        case_id = await case_of_photo(tx, name)
        if case_id is None:
            raise NoSuchPhoto("no such photo")
        stations = await commands.stations_of(tx, leader_id=call.who.person_id)
        await queries.case_of_stations(tx, case_id, stations)
    private = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(await call.installation.storage.fetch(name), media_type="image/webp", headers=private)
