"""Presets are settings only: no code asks which one is in force."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .tree import sources

PRESETS = frozenset({"starter", "meituan", "xingsheng", "duoduo", "shequn"})
ALLOWED = frozenset({"rehearsal", "entry"})


def check_presets(root: Path) -> list[str]:
    """Refuse comparing or matching with the name of a preset outside rehearsal and entry."""
    wrong = []
    for source in sources(root):
        if source.room in ALLOWED:
            continue
        for node in source.nodes:
            for text in _compared(node):
                words = f"asks whether the preset is {text.value!r}; read the setting that the preset sets"
                wrong.append(source.at(text, words))
    return wrong


def _compared(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Compare):
        sides: list[ast.AST] = [node.left, *node.comparators]
    elif isinstance(node, ast.MatchValue):
        sides = [node.value]
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"startswith", "__eq__"}
    ):
        sides = list(node.args)
    else:
        return
    for side in sides:
        parts = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
        yield from (part for part in parts if isinstance(part, ast.Constant) and part.value in PRESETS)
