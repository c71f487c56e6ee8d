"""Routes of invites: a member's code, whose code a newcomer came by, and what the console sees of it."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.marketing.invite import commands, queries
from linli.marketing.invite.model import InviteState
from linli.platform.database import Tx
from linli.platform.secrecy import blind
from linli.platform.web import Audience, Body, CallOf, PublicId, View

app = Audience("app", "invite")
console = Audience("console", "invite")
routers = [app.router, console.router]

PageSize = Annotated[int, Query(ge=1, le=200)]
Typed = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z ]+$")]
Device = Annotated[str, Field(max_length=200, pattern=r"^[!-~]*$", description="what the client knows its device by")]


class Invited(Body):
    """The code a newcomer came by, and the device (kept as a hash only)."""

    code: Typed
    device: Device = ""


class MyInvitesView(View):
    """A member's own code, what it brought, and who brought the member."""

    code: str
    invited: int
    rewarded: int
    rewarded_this_month: int
    monthly_cap: int
    inviter_id: PublicId | None


class InviteView(View):
    """An invite as operators see it; `why` is the reason why it brought nothing."""

    newcomer_id: PublicId
    inviter_id: PublicId
    state: InviteState
    why: str
    coupon_id: PublicId | None
    made_at: datetime
    decided_at: datetime | None


class InvitePage(View):
    """Some invites, and the id to go on after."""

    items: list[InviteView]
    next: PublicId | None


@app.get("/invite", permission="profile.own")
async def show_invites(call: CallOf) -> MyInvitesView:
    async with call.reading() as tx:
        return MyInvitesView.model_validate(await queries.my_invites(tx, call.who.person_id))


@app.put("/invite", permission="profile.own")
async def accept_invite(body: Invited, call: CallOf) -> MyInvitesView:
    device = blind(call.installation.key, "marketing.device", body.device) if body.device else ""

    async def work(tx: Tx) -> MyInvitesView:
        found = await commands.accept_invite(tx, member_id=call.who.person_id, code=body.code, device=device)
        return MyInvitesView.model_validate(found)

    return await call.write(work)


@console.get("/invites", permission="member.read")
async def list_invites(
    call: CallOf, state: InviteState | None = None, after: PublicId | None = None, limit: PageSize = 50
) -> InvitePage:
    async with call.reading() as tx:
        found = await queries.invites(tx, state=state, before=after, limit=limit)
    items = [InviteView.model_validate(each) for each in found]
    return InvitePage(items=items, next=found[-1].newcomer_id if len(found) == limit else None)
