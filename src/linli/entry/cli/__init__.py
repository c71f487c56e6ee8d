"""The command line `linli`: every program of the installation, with --json for machines."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Name → module, what to take from it, and the line of the help: a program is imported only when it is run.
PROGRAMS = {
    "serve": ("serving", "serve", "Serve the API and its documentation on loopback."),
    "worker": ("serving", "worker", "Work the outbox, the jobs and the clock until interrupted."),
    "doctor": ("doctor", "doctor", "Look at everything this installation needs."),
    "demo": ("rehearse", "demo", "Live two days, write their papers, then leave the API running."),
    "simulate": ("rehearse", "simulate", "Live whole days under a preset through the public API."),
    "replay": ("replay", "replay", "Order what real households bought, day by day through the public API."),
    "db": ("database", "app", "The database of this installation."),
    "chain": ("chain", "app", "接龙: chains pasted from a chat."),
    "goods": ("goods", "app", "The catalogue as Excel or CSV."),
    "ledger": ("ledger", "app", "The books of this installation."),
    "night": ("night", "app", "The night: from cut-off to the vans."),
    "bench": ("benches", "app", "How fast this machine runs the platform; on a scratch database."),
    "admin": ("serving", "admin", "Administrators of this installation."),
}


class Programs(TyperGroup):
    """The list of programs: shown from the table above, imported when one is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the programs' names in the order of the help."""
        return list(PROGRAMS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what the help shows of a program, or None."""
        if cmd_name not in PROGRAMS:
            return None
        return TyperCommand(name=cmd_name, help=PROGRAMS[cmd_name][2])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, Any]:
        """Import the program that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _program(str(name)) if command is not None else None, rest


def _program(name: str) -> Any:
    module, attribute, _ = PROGRAMS[name]
    found = getattr(importlib.import_module(f"linli.entry.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="linli",
    cls=Programs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _programs() -> None:
    """Linli 邻里 runs community group buying, from the pasted 接龙 to a ledger that balances."""


def main() -> None:
    """Run the command line; an interrupted program ends quietly with code 130."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
