"""Purity: kernel, model and rules need nothing but the standard library, and look at no clock, no dice, no file."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from .topics import PURE_EXTRAS
from .tree import Import, Source, sources

IMPURE_MODULES = frozenset(
    [
        "asyncio",
        "http",
        "multiprocessing",
        "os",
        "random",
        "secrets",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
    ]
)
IMPURE_CALLS = frozenset(
    [
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "time.sleep",
        "uuid.uuid1",
        "uuid.uuid4",
        "open",
        "input",
        "print",
    ]
)


def is_pure(source: Source) -> bool:
    """Tell whether a file must be pure: all of the kernel, and model, rules and the readers a topic declared pure."""
    if source.room == "kernel":
        return True
    pure_here = {"model", "rules", *PURE_EXTRAS.get((source.room, source.topic), {})}
    return bool(source.topic) and source.kind in pure_here and not source.in_channels


def check_purity(root: Path) -> list[str]:
    """Refuse, in pure files, imports beyond standard library and kernel, and everything that asks the machine."""
    wrong = []
    for source in filter(is_pure, sources(root)):
        for found in source.imports:
            words = _foreign(source, found, root.name)
            if words:
                wrong.append(source.at(found.line, words))
        for node in source.nodes:
            if isinstance(node, ast.Call) and source.qualified(node.func) in IMPURE_CALLS:
                name = source.qualified(node.func)
                wrong.append(source.at(node, f"calls {name}; pure files get times, chances and texts as parameters"))
    return list(dict.fromkeys(wrong))


def _foreign(source: Source, found: Import, package: str) -> str:
    parts = found.full.split(".")
    if parts[0] == package:
        room = parts[1] if len(parts) > 1 else ""
        if room == "kernel":
            return ""
        if source.room == "kernel":
            return f"the kernel asks {found.module}; it stands on the standard library only"
        home = [package, source.room, source.topic]
        if source.kind != "model" and parts[:3] == home and len(parts) > 3 and _pure_kind(source, parts[3]):
            return ""
        return f"{source.kind}.py asks {found.module}; it may ask {_allowed(source)}"
    if parts[0] in IMPURE_MODULES or found.full.startswith("urllib.request"):
        return f"imports {found.full}; pure files touch no clock, dice, network or file"
    if parts[0] not in sys.stdlib_module_names:
        return f"imports {parts[0]}, which is not the standard library"
    return ""


def _pure_kind(source: Source, kind: str) -> bool:
    return kind in {"model", "rules", *PURE_EXTRAS.get((source.room, source.topic), {})}


def _allowed(source: Source) -> str:
    return "the kernel only" if source.kind == "model" else "the kernel and its own topic's model"
