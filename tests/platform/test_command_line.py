"""The command line answers at once: a program is imported when it is called, not when the help is read."""

from __future__ import annotations

import importlib
import subprocess
import sys

import typer

from linli.entry.cli import PROGRAMS

LOADED = (
    "import sys; from typer.testing import CliRunner; from linli.entry.cli import app; "
    "shown = CliRunner().invoke(app, ['--help']); assert shown.exit_code == 0, shown.output; "
    "assert 'replay' in shown.output; "
    "print([name for name in sys.modules if name in ('sqlalchemy', 'fastapi', 'linli.people')])"
)


def test_whoever_asks_for_help_does_not_wait_for_every_room() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_program_of_the_help_can_be_called() -> None:
    for module, attribute, help in PROGRAMS.values():
        found = getattr(importlib.import_module(f"linli.entry.cli.{module}"), attribute)
        assert isinstance(found, typer.Typer) or callable(found)
        assert help.endswith(".")
