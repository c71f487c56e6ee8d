"""Names: no drawer for everything, and every file and public function says what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

from .tree import Function, Source, dotted, sources

DRAWERS = frozenset(
    {"utils", "util", "common", "helpers", "helper", "core", "services", "service", "managers", "manager", "misc"}
)

METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "websocket"})


def check_drawers(root: Path) -> list[str]:
    """Refuse files and folders named after nothing."""
    wrong = set()
    for source in sources(root):
        for part in [*source.folders, source.kind]:
            if part.lower() in DRAWERS:
                wrong.add(f"{source.place.as_posix()}:1: '{part}' says nothing; name it after what it holds")
    return sorted(wrong)


def check_docstrings(root: Path) -> list[str]:
    """Refuse a file without its opening sentence and a public function without a word on what it brings about."""
    wrong = []
    for source in sources(root):
        if not ast.get_docstring(source.tree):
            wrong.append(source.at(1, "opens without a sentence saying what it is for"))
        if source.in_migrations:
            continue
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _must_speak(source, node):
                wrong.append(
                    source.at(node, f"{node.name} has no docstring; say what it brings about and what it refuses")
                )
    return wrong


def _must_speak(source: Source, function: Function) -> bool:
    if function.name.startswith("_") or ast.get_docstring(function):
        return False
    is_route = any(dotted(mark)[-1:] and dotted(mark)[-1] in METHODS for mark in function.decorator_list)
    is_overload = any(source.qualified(mark) == "typing.overload" for mark in function.decorator_list)
    return not is_route and not is_overload
