"""What happens to commission.

It is accrued at collection, reduced by refunds, and clawed back where it was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from linli import catalog, money, ordering, people, sale
from linli.kernel.refusals import BadInput
from linli.platform.database import Tx
from linli.platform.settings import value_of
from linli.settlement.commission import store
from linli.settlement.commission.model import Change, Rule, Scope, Sold
from linli.settlement.commission.records import CommissionLine
from linli.settlement.commission.rules import change, choose
from linli.settlement.commission.settings import DEFAULT_RATE_BP, FREEZE_HOURS


class NotAccruedYet(RuntimeError):
    """A refund of a collected line was told before its collection: the reaction is run again later."""


class RuleRefused(BadInput):
    """A rule names what it is for, and pays either a rate or fen a piece."""

    title = "佣金规则不成立"


async def accrue(
    tx: Tx, *, order_id: int, cycle_id: int, station_id: int, leader_id: int, lines: Sequence[ordering.CollectedLine]
) -> int:
    """Accrue the leader's commission for pieces just handed over; returns the fen added to what is pending."""
    wanted = sorted((line for line in lines if line.amount_fen), key=lambda line: line.line_id)
    before = await store.locked(tx, [line.line_id for line in wanted])
    fresh = [line for line in wanted if line.line_id not in before]
    rules = await _choose(tx, leader_id, fresh) if fresh else {}
    whose = {"order_id": order_id, "cycle_id": cycle_id, "station_id": station_id, "leader_id": leader_id}
    freeze_hours = await value_of(tx, FREEZE_HOURS)
    free_at = tx.now + timedelta(hours=freeze_hours)
    for line in fresh:
        row = _row(line, rules[line.line_id]) | whose | {"accrued_at": tx.now, "free_at": free_at}
        await store.add_line(tx, row)
    rows = await store.locked(tx, [line.line_id for line in wanted])
    return sum([await _collected(tx, rows[line.line_id], line) for line in wanted])


def _row(line: ordering.CollectedLine, rule: Rule) -> dict[str, Any]:
    paid = {"rule_id": rule.id, "rule_scope": rule.scope, "rate_bp": rule.rate_bp, "piece_fen": rule.piece_fen}
    zero = {"pieces": 0, "collected_fen": 0, "kept_fen": 0, "amount_fen": 0, "changes": 0, "statement_id": None}
    return {"id": line.line_id, "sku_id": line.sku_id, **paid, **zero}


async def _choose(tx: Tx, leader_id: int, lines: Sequence[ordering.CollectedLine]) -> dict[int, Rule]:
    level = (await people.leader(tx, leader_id)).level
    offers = await sale.offers(tx, ids=[line.offer_id for line in lines])
    skus = await catalog.skus(tx, [line.sku_id for line in lines])
    written = await store.rules_in_force(tx)
    region = Rule(0, Scope.REGION, rate_bp=await value_of(tx, DEFAULT_RATE_BP))
    chosen = {}
    for line in lines:
        offer = offers[line.offer_id]
        standing = [region, Rule(0, Scope.CATEGORY, line.category_id, "", skus[line.sku_id].commission_bp)]
        if offer.commission_own:
            standing.append(Rule(0, Scope.OFFER, offer.id, "", offer.commission_bp, offer.commission_fen))
        sold = Sold(offer.id, offer.product_id, line.category_id, leader_id, level)
        chosen[line.line_id] = choose([*written, *standing], sold)
    return chosen


async def _collected(tx: Tx, row: CommissionLine, line: ordering.CollectedLine) -> int:
    values = {
        "collected_fen": row.collected_fen + line.amount_fen,
        "kept_fen": row.kept_fen + line.amount_fen,
        "pieces": row.pieces + line.quantity,
    }
    return await _change(tx, row, values, "collected", row.order_id, line.amount_fen)


async def reduce(tx: Tx, *, line_id: int, refund_id: int, reversed_fen: int) -> int:
    """Take back the commission on fen of a collected line that were refunded; returns the fen taken back.

    What was released already is clawed back from what is available, and what is not there becomes a receivable.
    Raises NotAccruedYet when the collection was not told yet.
    """
    if not reversed_fen:
        return 0
    row = (await store.locked(tx, [line_id])).get(line_id)
    if row is None or row.kept_fen < reversed_fen:
        raise NotAccruedYet(f"line {line_id}")
    return -await _change(tx, row, {"kept_fen": row.kept_fen - reversed_fen}, "refunded", refund_id, -reversed_fen)


async def _change(tx: Tx, row: CommissionLine, values: dict[str, int], cause: str, cause_id: int, base: int) -> int:
    rule = Rule(row.rule_id, Scope(row.rule_scope), 0, "", row.rate_bp, row.piece_fen)
    now = {name: values.get(name, getattr(row, name)) for name in ("collected_fen", "kept_fen", "pieces")}
    step = change(rule, stood_at=row.amount_fen, **now)
    number = row.changes + 1
    await store.change_line(tx, row.id, **values, amount_fen=step.amount_fen, changes=number)
    why = {"cause": cause, "cause_id": cause_id, "base_fen": base, "delta_fen": step.delta_fen}
    await store.add_change(tx, {"line_id": row.id, "number": number, **why})
    await money.record(tx, entries=await _entries(tx, row, step, str(number)))
    return step.delta_fen


async def _entries(tx: Tx, row: CommissionLine, step: Change, part: str) -> list[money.Entry]:
    def entry(kind: str, fen: int) -> money.Entry:
        return money.Entry(
            kind, fen, "commission_line", row.id, part, row.cycle_id, row.station_id, owner_id=row.leader_id
        )

    if step.delta_fen >= 0:
        accrued = [entry("commission_accrued", step.delta_fen)]
        return accrued if row.statement_id is None else [*accrued, entry("commission_released", step.delta_fen)]
    if row.statement_id is None:
        return [entry("commission_reduced", -step.delta_fen)]
    there = await money.balance(tx, money.AccountKind.LEADER_AVAILABLE, row.leader_id)
    taken = min(there, -step.delta_fen)
    return [entry("clawed_back", taken), entry("claw_back_owed", -step.delta_fen - taken)]


async def set_rule(
    tx: Tx,
    *,
    scope: str,
    scope_id: int = 0,
    level: str = "",
    rate_bp: int = 0,
    piece_fen: int | None = None,
    reason: str,
) -> int:
    """Set a rule from now on, in place of the one with the same scope; returns its id; refuses RuleRefused."""
    named = scope not in (Scope.REGION,)
    if scope == Scope.OFFER or named != bool(scope_id) or bool(level) != (scope == Scope.CATEGORY_LEVEL):
        raise RuleRefused("a rule is for a product, leader, category (at a level) or the region", scope=scope)
    if piece_fen is not None and rate_bp:
        raise RuleRefused("a rule pays either a rate or fen a piece")
    row = {"scope": scope, "scope_id": scope_id, "level": level, "rate_bp": rate_bp, "piece_fen": piece_fen}
    rule_id = await tx.new_id()
    stamp = {"id": rule_id, "valid_from": tx.now, "valid_until": None, "by": tx.by, "reason": reason}
    await store.add_rule(tx, row | stamp)
    return rule_id
