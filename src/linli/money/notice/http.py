"""Routes on kept messages of payment providers, for whoever clears the quarantine."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from linli.money.notice import queries
from linli.money.notice.model import QUARANTINED, Verdict
from linli.platform.web import Audience, CallOf, PublicId, View

console = Audience("console", "notice")


class NoticeView(View):
    """A kept message and its verdict; `told` is what it says, amounts in fen."""

    id: PublicId
    channel: str
    notice_id: str
    told: dict[str, Any] | None
    received_at: datetime
    verdict: str


class NoticePage(View):
    """Messages, and where to go on."""

    items: list[NoticeView]
    next: PublicId | None


@console.get("/notices", permission="payment.confirm")
async def notices(
    call: CallOf,
    verdict: Literal["quarantined"] | Verdict = "quarantined",
    after: PublicId = 0,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    unplaced: bool = False,
) -> NoticePage:
    """List kept messages; `unplaced` shows those whose number belongs to no region, to head office only."""
    wanted = QUARANTINED if verdict == "quarantined" else (Verdict(verdict),)
    region_id = 0 if unplaced and call.who.region_id == 0 else call.region_id
    async with call.reading(region_id) as tx:
        rows = await queries.notices(tx, verdicts=wanted, after=after, limit=limit)
    items = [NoticeView.model_validate(row) for row in rows]
    return NoticePage(items=items, next=items[-1].id if len(items) == limit else None)


routers = [console.router]
