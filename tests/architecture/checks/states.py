"""States: a state changes only by a move in a declared table, never by an assignment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Source, dotted, excepted, sources, texts

MOVER = "platform/machines.py"
EXCEPTIONS: dict[str, str] = {
    "money/channels/sandbox_provider/": "the provider's own world: the states of its charges are not ours",
}
ADVICE = "a state changes by move() of platform.machines, which leaves a line of history"
_SET_STATE = re.compile(r"\bset\b(?:(?!\bwhere\b).)*?(?<![\w.])(?:\w+\.)?state\s*=", re.IGNORECASE | re.DOTALL)


def check_states(root: Path) -> list[str]:
    """Refuse assignments to `.state`, updates that set it, and SQL text that does, everywhere but in the mover."""
    wrong = []
    for source in sources(root):
        if source.inside == MOVER or excepted(source, EXCEPTIONS):
            continue
        for node in source.nodes:
            if _assigns_state(node):
                wrong.append(source.at(node, f"assigns .state; {ADVICE}"))
        wrong += _updates(source)
        for node, text in texts(source):
            if re.search(r"\bupdate\b", text, re.IGNORECASE) and _SET_STATE.search(text):
                wrong.append(source.at(node, f"sets state in SQL; {ADVICE}"))
    return wrong


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        waiting = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        waiting = [node.target]
    else:
        return
    while waiting:
        target = waiting.pop()
        if isinstance(target, ast.Tuple | ast.List):
            waiting += target.elts
        else:
            yield target


def _assigns_state(node: ast.AST) -> bool:
    if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in _targets(node)):
        return True
    named = isinstance(node, ast.Call) and dotted(node.func)[-1:] in (["setattr"], ["__setattr__"])
    return named and any(
        isinstance(given, ast.Constant) and given.value == "state" for given in getattr(node, "args", [])
    )


def _updates(source: Source) -> list[str]:
    wrong = []
    inserts = _names_of_inserts(source)
    for node in source.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in {"values", "ordered_values"} and _mentions_state(node):
            root = dotted(node.func)[:1]
            if not (_is_insert(source, node.func.value) or (root and root[0] in inserts)):
                wrong.append(source.at(node, f"an update sets state; {ADVICE}"))
        if node.func.attr == "on_conflict_do_update":
            parts = [given.value for given in node.keywords if given.arg == "set_"]
            if any(_dict_has_state(part) for part in parts):
                wrong.append(source.at(node, f"an upsert sets state; {ADVICE}"))
    return wrong


def _mentions_state(call: ast.Call) -> bool:
    return any(given.arg == "state" for given in call.keywords) or any(_dict_has_state(given) for given in call.args)


def _dict_has_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and dotted(node.func) == ["dict"]:
        return any(given.arg == "state" for given in node.keywords)
    if not isinstance(node, ast.Dict):
        return False
    return any(
        (isinstance(key, ast.Constant) and key.value == "state")
        or (isinstance(key, ast.Attribute) and key.attr == "state")
        for key in node.keys
    )


def _is_insert(source: Source, node: ast.AST) -> bool:
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call):
            if source.qualified(node.func).split(".")[-1] == "insert" or getattr(node.func, "attr", "") == "insert":
                return True
            node = node.func
        else:
            node = node.value
    return False


def _names_of_inserts(source: Source) -> set[str]:
    """Return the variables that hold an insert, which may give the first state."""
    return {
        target.id
        for node in source.nodes
        if isinstance(node, ast.Assign) and _is_insert(source, node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
