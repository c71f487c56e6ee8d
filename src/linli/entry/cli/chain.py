"""`linli chain`: read a pasted 接龙 and show what was understood and what was not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from linli.kernel.refusals import Refusal
from linli.ordering import ChainUnreadable, decode_chain, read_chain

app = typer.Typer(help="接龙: chains pasted from a chat.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """接龙: chains pasted from a chat."""


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="a text file; - for standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Read a chain; exit code 2 when the file holds none."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        found = read_chain(decode_chain(raw))
    except (OSError, ChainUnreadable, Refusal) as error:
        code = getattr(error, "code", "file_unreadable")
        typer.echo(
            json.dumps({"code": code, "detail": str(error)}, ensure_ascii=False) if as_json else str(error), err=True
        )
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    typer.echo(found.title)
    marks = {"understood": "✓", "unclear": "?", "withdrawn": "✗"}
    for entry in found.as_json()["entries"]:
        goods = "，".join(f"{i['goods']} {i['quantity']}{i['unit'] or ''}" for i in entry["items"])
        who = " ".join(filter(None, (f"{entry['serial'] or '-'}.", entry["who"], entry["place"])))
        typer.echo("  ".join(filter(None, (marks[entry["status"]], who, goods, entry["note"]))))
