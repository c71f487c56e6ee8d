"""Routes of reconciliation for finance: differences, their ends, and bills fetched again."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from linli.money.reconciliation import commands, queries
from linli.money.reconciliation.model import Cause, DifferenceState
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View

console = Audience("console", "reconciliation")


class DifferenceView(View):
    """A difference between a bill and our books, amounts in fen; `number` is ours."""

    id: PublicId
    state: str
    channel: str
    day: date
    kind: str
    number: str
    cause: str
    detail: str
    ours_fen: int | None
    theirs_fen: int | None
    made_at: datetime
    ended_at: datetime | None
    ended_by: str
    note: str


class DifferencePage(View):
    """Differences, and where to go on."""

    items: list[DifferenceView]
    next: PublicId | None


class BillView(View):
    """A bill of a day: when it was taken in (or, in a region, compared), and how many lines it has in all."""

    channel: str
    day: date
    lines: int
    wanted_at: datetime
    done_at: datetime | None


class Note(Body):
    """Why a difference is there, or how it was made good."""

    note: Short


class WantedBill(Body):
    """Which bill is to be fetched."""

    channel: Annotated[str, Field(pattern="^(wechat|alipay)$")]
    day: date


class Wanted(View):
    """A job fetches it."""

    wanted: bool = True


@console.get("/reconciliation", permission="ledger.read")
async def differences(
    call: CallOf,
    state: DifferenceState = DifferenceState.OPEN,
    cause: Cause | None = None,
    after: PublicId = 0,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    unplaced: bool = False,
) -> DifferencePage:
    """List differences; `unplaced` shows lines whose number belongs to no region, to head office only."""
    async with call.reading(0 if unplaced and call.who.region_id == 0 else None) as tx:
        rows = await queries.differences(tx, state=state, cause=cause, after=after, limit=limit)
    items = [DifferenceView.model_validate(row) for row in rows]
    return DifferencePage(items=items, next=items[-1].id if len(items) == limit else None)


@console.get("/reconciliation/bills", permission="ledger.read")
async def bills(call: CallOf) -> list[BillView]:
    async with call.reading() as tx:
        return [BillView.model_validate(row) for row in await queries.bills(tx)]


@console.post("/reconciliation/bills", permission="refund.manage")
async def fetch_bill(body: WantedBill, call: CallOf) -> Wanted:
    """Fetch a bill (again): the same lines change nothing."""

    async def work(tx: Tx) -> Wanted:
        await commands.fetch_again(tx, channel=body.channel, day=body.day)
        return Wanted()

    return await call.write(work, region_id=0)


@console.post("/reconciliation/{difference_id}/explanation", permission="refund.manage")
async def explain(difference_id: PublicId, body: Note, call: CallOf) -> DifferenceView:
    async def work(tx: Tx) -> DifferenceView:
        return DifferenceView.model_validate(await commands.explain(tx, difference_id=difference_id, note=body.note))

    return await call.write(work)


@console.post("/reconciliation/{difference_id}/settlement", permission="refund.manage")
async def settle(difference_id: PublicId, body: Note, call: CallOf) -> DifferenceView:
    async def work(tx: Tx) -> DifferenceView:
        return DifferenceView.model_validate(await commands.settle(tx, difference_id=difference_id, note=body.note))

    return await call.write(work)


routers = [console.router]
