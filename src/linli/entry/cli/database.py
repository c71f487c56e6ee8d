"""`linli db`: bring the database up to date, and say where it is."""

from __future__ import annotations

import asyncio

import typer

from linli.entry.opening import prepare
from linli.platform.clock import SystemClock
from linli.platform.config import Config

app = typer.Typer(help="The database of this installation.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema; safe to repeat."""
    config = Config()
    asyncio.run(prepare(config, SystemClock(), typer.echo))
    typer.echo("The database is up to date.")


@app.command()
def where() -> None:
    """Say where the data lives."""
    config = Config()
    typer.echo(config.database_url or f"embedded PostgreSQL in {(config.home / 'postgres').resolve()}")
