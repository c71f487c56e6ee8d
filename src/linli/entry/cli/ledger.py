"""`linli ledger`: prove that the books balance and agree with orders, refunds and pickups."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

import linli.money
import linli.people
from linli.entry.opening import opened
from linli.kernel.money import yuan
from linli.platform.config import Config

app = typer.Typer(help="The books of this installation.", no_args_is_help=True)


@app.command()
def check(
    region: Annotated[int | None, typer.Option(help="one region; all by default")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Check that every ledger balances and agrees with its sub-ledger; exit code 1 when one does not."""
    report = asyncio.run(_check(region))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)
    raise typer.Exit(0 if report["balanced"] and report["subledger_agrees"] else 1)


async def _check(region: int | None) -> dict[str, Any]:
    async with opened(Config()) as installation:
        return await check_regions(installation, None if region is None else [region])


async def check_regions(installation: Any, regions: list[int] | None) -> dict[str, Any]:
    """Return the check of the given (or all) regions as plain data: balanced, subledger_agrees, accounts in fen."""
    if regions is None:
        async with installation.db.transaction(0, by="ledger-check") as tx:
            regions = [found.id for found in await linli.people.regions(tx)]
    report: dict[str, Any] = {"balanced": True, "subledger_agrees": True, "accounts": {}, "differences": []}
    for region_id in regions:
        async with installation.db.transaction(region_id, by="ledger-check") as tx:
            found = await linli.money.check(tx)
            books = await linli.money.trial_balance(tx)
        report["balanced"] &= found.balanced
        report["subledger_agrees"] &= found.subledger_agrees
        named = {f"{line.kind}:{line.owner_id}" if line.owner_id else line.kind: line for line in books.lines}
        report["accounts"][str(region_id)] = {name: line.balance_fen for name, line in named.items()}
        report["differences"] += [{"region": region_id, **asdict(line)} for line in found.differences]
    return report


def _print(report: dict[str, Any]) -> None:
    for region, accounts in report["accounts"].items():
        typer.echo(f"region {region}")
        for name, fen in sorted(accounts.items()):
            typer.echo(f"  {name:<28}{yuan(fen):>16}")
    for line in report["differences"]:
        facts = f"{line['what']} ({line['ref']}): expected {line['expected_fen']}, found {line['found_fen']}"
        typer.echo(f"difference in region {line['region']}: {facts}")
    typer.echo("balanced: " + ("yes" if report["balanced"] else "NO"))
    typer.echo("agrees with orders, refunds and pickups: " + ("yes" if report["subledger_agrees"] else "NO"))
