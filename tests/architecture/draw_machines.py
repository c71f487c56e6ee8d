"""Rewrites docs/machines.md from the models' machines: python -m tests.architecture.draw_machines."""

from __future__ import annotations

from pathlib import Path

from .checks.machines import render

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "linli"
DRAWING = REPOSITORY / "docs" / "machines.md"


def main() -> None:
    """Write the drawing."""
    DRAWING.parent.mkdir(exist_ok=True)
    DRAWING.write_text(render(SOURCE), encoding="utf-8")


if __name__ == "__main__":
    main()
