"""Routes of statements for leaders and finance."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from linli.platform.web import Audience, CallOf, PublicId, View
from linli.settlement.statement import queries

leader = Audience("leader", "statement")
console = Audience("console", "statement")
routers = [leader.router, console.router]
Limit = Annotated[int, Query(ge=1, le=200)]


class StatementView(View):
    """A leader's week: fen released from pending, and fen of it kept back for what the leader owed."""

    id: PublicId
    leader_id: PublicId
    week: str
    lines: int
    released_fen: int
    recovered_fen: int
    made_at: datetime


class StatementPage(View):
    """A page of statements, newest first."""

    items: list[StatementView]
    next: PublicId | None


@leader.get("/statements", permission="earnings.own")
async def my_statements(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> StatementPage:
    async with call.reading() as tx:
        return _page(await queries.statements(tx, leader_id=call.who.person_id, after=after, limit=limit), limit)


@console.get("/statements", permission="statement.manage")
async def list_statements(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> StatementPage:
    async with call.reading() as tx:
        return _page(await queries.statements(tx, after=after, limit=limit), limit)


def _page(rows: object, limit: int) -> StatementPage:
    items = [StatementView.model_validate(row) for row in rows]  # type: ignore[attr-defined]
    return StatementPage(items=items, next=items[-1].id if len(items) == limit else None)
