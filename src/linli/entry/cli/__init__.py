"""The command line `linli`: every program of the installation, with --json for machines."""

from __future__ import annotations

import sys

import typer

from linli.entry.cli import bench, chain, database, doctor, ledger, rehearse, replay, serving

app = typer.Typer(
    name="linli",
    help="Linli 邻里 runs community group buying, from the pasted 接龙 to a ledger that balances.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(database.app, name="db")
app.add_typer(chain.app, name="chain")
app.add_typer(ledger.app, name="ledger")
app.add_typer(bench.app, name="bench")
app.add_typer(serving.admin, name="admin")
app.command("serve")(serving.serve)
app.command("worker")(serving.worker)
app.command("doctor")(doctor.doctor)
app.command("demo")(rehearse.demo)
app.command("simulate")(rehearse.simulate)
app.command("replay")(replay.replay)


def main() -> None:
    """Run the command line; an interrupted program ends quietly with code 130."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
