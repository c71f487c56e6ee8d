"""Routes of commission: a leader's earnings with why, and the rules for finance."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from linli import money
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, Remark, View
from linli.settlement.commission import commands, queries

leader = Audience("leader", "commission")
console = Audience("console", "commission")
routers = [leader.router, console.router]
Limit = Annotated[int, Query(ge=1, le=200)]
Rate = Annotated[int, Field(ge=0, le=5_000, strict=True, description="basis points")]


class ChangeView(View):
    """One reason why a line's commission changed: fen collected or refunded, and fen of commission more or less."""

    cause: str
    cause_id: PublicId
    base_fen: int
    delta_fen: int
    at: datetime


class EarningView(View):
    """What one order line earns, by which rule, and why it stands there; released once it is on a statement."""

    id: PublicId
    order_id: PublicId
    cycle_id: PublicId
    pieces: int
    collected_fen: int
    kept_fen: int
    amount_fen: int
    rule_id: PublicId
    rule_scope: str
    rate_bp: int
    piece_fen: int | None
    accrued_at: datetime
    free_at: datetime
    statement_id: PublicId | None
    why: list[ChangeView]


class EarningsView(View):
    """A leader's earnings in fen: still frozen, available, owed; and the newest lines."""

    pending_fen: int
    available_fen: int
    owed_fen: int
    items: list[EarningView]
    next: PublicId | None


class NewRule(Body):
    """A rule from now on; exactly one of rate and fen a piece."""

    scope: Literal["product", "leader", "category_level", "category", "region"]
    scope_id: PublicId = 0
    level: Literal["", "normal", "gold", "regional"] = ""
    rate_bp: Rate = 0
    piece_fen: FenAmount | None = None
    reason: Remark = ""


class RuleView(View):
    """A commission rule of the region."""

    id: PublicId
    scope: str
    scope_id: PublicId
    level: str
    rate_bp: int
    piece_fen: int | None
    valid_from: datetime
    valid_until: datetime | None
    by: str
    reason: str


class RuleSet(View):
    """The id of the rule that is in force now."""

    id: PublicId


@leader.get("/earnings", permission="earnings.own")
async def earnings(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> EarningsView:
    leader_id = call.who.person_id
    async with call.reading() as tx:
        rows = await queries.lines_of_leader(tx, leader_id, after=after, limit=limit)
        why = await queries.changes_of(tx, [row.id for row in rows])
        return EarningsView(
            pending_fen=await queries.pending_of(tx, leader_id),
            available_fen=await money.balance(tx, money.AccountKind.LEADER_AVAILABLE, leader_id),
            owed_fen=await money.balance(tx, money.AccountKind.LEADER_RECEIVABLE, leader_id),
            items=[_earning(row, why[row.id]) for row in rows],
            next=rows[-1].id if len(rows) == limit else None,
        )


def _earning(row: object, why: object) -> EarningView:
    own = {name: getattr(row, name) for name in EarningView.model_fields if name != "why"}
    return EarningView(**own, why=[ChangeView.model_validate(change) for change in why])  # type: ignore[attr-defined]


@console.get("/commission-rules", permission="statement.manage")
async def list_rules(call: CallOf) -> list[RuleView]:
    async with call.reading() as tx:
        return [RuleView.model_validate(row) for row in await queries.rules(tx)]


@console.post("/commission-rules", permission="statement.manage")
async def set_rule(body: NewRule, call: CallOf) -> RuleSet:
    async def work(tx: Tx) -> RuleSet:
        return RuleSet(id=await commands.set_rule(tx, **body.model_dump()))

    return await call.write(work)
