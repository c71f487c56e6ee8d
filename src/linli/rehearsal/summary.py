"""The end of a rehearsal in figures: for machines one flat report, for people a calm table."""

from __future__ import annotations

from typing import Any

from linli.kernel.money import yuan
from linli.rehearsal.run import Rehearsal
from linli.rehearsal.story import Story, yes
from linli.rehearsal.world import World

MONEY = (
    ("会员付款", "paid by members", "paid_fen"),
    ("退款", "given back", "refunded_fen"),
    ("团长佣金", "commission", "commission_fen"),
    ("已出结算单", "of it on statements", "released_fen"),
    ("应付供应商", "owed to suppliers", "supplier_payable_fen"),
)
PIECES = (
    ("订单", "orders", "orders"),
    ("缺货明细", "lines short", "shortage_lines"),
    ("已提货", "collected", "collected"),
    ("等待提货", "waiting at the station", "waiting"),
    ("取消", "cancelled", "cancelled"),
)
KEYS = (
    "orders", "paid_fen", "refunded_fen", "commission_fen", "supplier_payable_fen", "shortage_lines", "collected",
)  # fmt: skip


def summary(lived: Rehearsal, world: World, digest: str, story: Story) -> dict[str, Any]:
    """Return the report of a rehearsal as plain data and show it."""
    figures = lived.figures()
    report: dict[str, Any] = {name: figures.get(name, 0) for name in KEYS}
    report |= {
        "ledger_balanced": lived.reckoning.ledger_balanced,
        "reconciled": lived.reckoning.reconciled,
        "digest": digest,
        "seed": world.seed,
        "requests": world.wire.asked,
        "differences": lived.reckoning.differences,
        "figures": figures,
        "seconds": {name: round(value, 2) for name, value in story.seconds.items()},
    }
    if world.mischief is not None:
        report["accidents"] = dict(sorted(world.mischief.done.items()))
    _show(report, story)
    return report


def _show(report: dict[str, Any], story: Story) -> None:
    figures = report["figures"]
    rows = [(chinese, english, f"¥{yuan(figures.get(name, 0))}") for chinese, english, name in MONEY]
    rows += [(chinese, english, str(figures.get(name, 0))) for chinese, english, name in PIECES]
    rows += [(name, "", str(count)) for name, count in report.get("accidents", {}).items()]
    rows.append(("账本", "ledger balances", yes(report["ledger_balanced"])))
    rows.append(("对账", "orders, goods, provider agree", yes(report["reconciled"])))
    story.figures("结果 what came of it", rows)
    for difference in report["differences"][:20]:
        story.say(f"✗ {difference}")
