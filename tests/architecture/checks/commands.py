"""Commands: one function per use case; the open transaction comes first, everything else by its name."""

from __future__ import annotations

import ast
from pathlib import Path

from .tree import Function, Source, sources


def check_commands(root: Path) -> list[str]:
    """Refuse a command whose first parameter is not `tx`, or that takes anything else by position."""
    wrong = []
    for source in sources(root):
        if not source.topic or source.kind != "commands" or source.in_channels:
            continue
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += _shape(source, node)
    return wrong


def _shape(source: Source, function: Function) -> list[str]:
    given = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    named = [argument.arg for argument in function.args.kwonlyargs]
    public = not function.name.startswith("_")
    writes = isinstance(function, ast.AsyncFunctionDef) or "tx" in given or "tx" in named
    if not writes:
        return []
    if given[:1] != ["tx"] and (public or "tx" in [*given, *named]):
        return [source.at(function, f"{function.name} does not take tx first; a command works in an open transaction")]
    if public and len(given) > 1:
        names = ", ".join(given[1:])
        return [source.at(function, f"{function.name} takes {names} by position; put a * after tx")]
    if public and function.args.vararg is not None:
        return [source.at(function, f"{function.name} takes *{function.args.vararg.arg}; name what it takes")]
    return []
