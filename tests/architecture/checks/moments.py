"""Moments: time is passed in; only the platform's clock and the edge look at one."""

from __future__ import annotations

import ast
from pathlib import Path

from .rooms import EDGE_ROOMS
from .tree import Source, sources

CLOCKS = frozenset(
    [
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
    ]
)
SQL_CLOCKS = frozenset(
    {"now", "current_timestamp", "clock_timestamp", "statement_timestamp", "current_date", "localtimestamp"}
)
ALLOWED = frozenset({"platform/clock.py", "platform/telemetry.py"})


def check_moments(root: Path) -> list[str]:
    """Refuse reading a clock, in Python or in SQL, outside platform/clock, platform/telemetry and the edge rooms."""
    wrong = []
    for source in sources(root):
        if source.room in EDGE_ROOMS or source.in_migrations or source.inside in ALLOWED:
            continue
        for node in source.nodes:
            if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
                name = source.qualified(node)
                if name in CLOCKS or _asks_database(source, node):
                    wrong.append(source.at(node, f"reads a clock ({name}); take the instant as a parameter, or tx.now"))
    return sorted(set(wrong))


def _asks_database(source: Source, node: ast.AST) -> bool:
    name = source.qualified(node)
    return name.startswith("sqlalchemy.") and ".func." in name and name.rsplit(".", 1)[-1] in SQL_CLOCKS
