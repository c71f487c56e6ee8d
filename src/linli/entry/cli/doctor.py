"""`linli doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from linli.entry.checkup import Finding, Report, examine
from linli.platform.config import Config
from linli.platform.telemetry import configure_logs

MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False) -> None:
    """Look at everything this installation needs; exit code 1 when something must be mended. Changes nothing."""
    configure_logs("CRITICAL")
    try:
        report = examine(Config())
    except ValidationError as error:
        wrong = "; ".join(f"LINLI_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        report = Report([Finding("configuration", "fail", wrong, "correct these environment variables")])
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(report)
    raise typer.Exit(0 if report.healthy else 1)


def _show(report: Report) -> None:
    console = Console(highlight=False)
    for finding in report.findings:
        mark, colour = MARKS[finding.state]
        console.print(Text.assemble((f"{mark} ", colour), (f"{finding.name:<14}", "bold"), finding.what))
        if finding.mend and finding.state != "ok":
            console.print(Text.assemble(" " * 16, ("→ ", colour), finding.mend))
    failed = sum(finding.state == "fail" for finding in report.findings)
    warned = sum(finding.state == "warn" for finding in report.findings)
    console.print()
    console.print("All is well." if not failed + warned else f"{failed} to mend, {warned} to look at.")
