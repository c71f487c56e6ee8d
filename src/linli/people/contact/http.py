"""Everybody's inbox."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from linli.people.access.queries import grants_of
from linli.people.contact.commands import read_inbox
from linli.people.contact.queries import inbox, unread
from linli.platform.access import AudienceName
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Call, CallOf, PublicId, View

PERSON: dict[AudienceName, str] = {"app": "member", "leader": "leader", "supplier": "supplier", "driver": "driver"}
NAMES: tuple[AudienceName, ...] = ("app", "leader", "supplier", "driver", "warehouse", "console")
audiences = {name: Audience(name, "contact") for name in NAMES}
routers = [audience.router for audience in audiences.values()]
Limit = Annotated[int, Query(ge=1, le=200)]


class MessageView(View):
    """One message."""

    id: PublicId
    event: str
    title: str
    text: str
    made_at: datetime
    read_at: datetime | None


class Inbox(View):
    """Some messages, newest first, the id to go on with (`before`), and how many are unread."""

    items: list[MessageView]
    next: PublicId | None
    unread: int


class ReadUpTo(Body):
    """The newest message that was read."""

    upto: PublicId


class MarkedRead(View):
    """How many messages were unread until now."""

    marked: int


async def _recipients(tx: Tx, call: Call) -> list[str]:
    """Return as whom the caller is written to: the person they stand for, or each of their roles here."""
    who = call.who
    if who.audience in PERSON and who.person_id:
        return [f"{PERSON[who.audience]}:{who.person_id}"]
    grants = await grants_of(tx, who.account_id)
    return sorted({f"staff:{grant.role}" for grant in grants if grant.scope in (0, tx.region_id)})


def _inbox_routes(audience: AudienceName) -> None:
    @audiences[audience].get("/messages", permission="session.own")
    async def list_messages(call: CallOf, before: PublicId | None = None, limit: Limit = 50) -> Inbox:
        async with call.reading() as tx:
            recipients = await _recipients(tx, call)
            found = await inbox(tx, recipients, before=before, limit=limit)
            count = await unread(tx, recipients)
        items = [MessageView.model_validate(row) for row in found]
        return Inbox(items=items, next=found[-1].id if len(found) == limit else None, unread=count)

    @audiences[audience].post("/messages/read", permission="session.own")
    async def mark_read(body: ReadUpTo, call: CallOf) -> MarkedRead:
        async def work(tx: Tx) -> MarkedRead:
            recipients = await _recipients(tx, call)
            return MarkedRead(marked=await read_inbox(tx, recipients=recipients, upto=body.upto))

        return await call.write(work)


for _name in NAMES:
    _inbox_routes(_name)
