"""Routes of refunds for finance: what is stuck, try it again, written off as paid back by hand."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from linli.money.refund import commands, queries
from linli.money.refund.model import RefundState
from linli.platform.database import Tx
from linli.platform.web import Audience, CallOf, PublicId, View

console = Audience("console", "refund")


class RefundView(View):
    """A refund as finance sees it, amounts in fen."""

    id: PublicId
    state: str
    charge_id: PublicId
    order_id: PublicId
    amount_fen: int
    channel: str
    reason: str
    ref_kind: str
    ref_id: PublicId
    made_at: datetime
    done_at: datetime | None
    tries: int
    trouble: str


class RefundPage(View):
    """Refunds, and where to go on."""

    items: list[RefundView]
    next: PublicId | None


@console.get("/refunds", permission="refund.manage")
async def refunds(
    call: CallOf,
    state: RefundState = RefundState.DEAD,
    after: PublicId = 0,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> RefundPage:
    async with call.reading() as tx:
        found = await queries.refunds_in_state(tx, state=state, after=after, limit=limit)
    items = [RefundView.model_validate(each) for each in found]
    return RefundPage(items=items, next=items[-1].id if len(items) == limit else None)


@console.post("/refunds/{refund_id}/retry", permission="refund.manage")
async def retry(refund_id: PublicId, call: CallOf) -> RefundView:
    async def work(tx: Tx) -> RefundView:
        return RefundView.model_validate(await commands.retry_refund(tx, refund_id=refund_id))

    return await call.write(work)


@console.post("/refunds/{refund_id}/paid-back", permission="refund.manage")
async def paid_back(refund_id: PublicId, call: CallOf) -> RefundView:
    async def work(tx: Tx) -> RefundView:
        return RefundView.model_validate(await commands.confirm_paid_back(tx, refund_id=refund_id))

    return await call.write(work)


routers = [console.router]
