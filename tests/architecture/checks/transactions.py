"""Transactions: one file commits, they open visibly at the edge, and nobody calls the outside world inside one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .rooms import BUSINESS_ROOMS
from .tree import Function, Source, dotted, excepted, sources

THE_COMMITTER = "platform/database.py"
EXCEPTIONS: dict[str, str] = {
    "platform/sequences.py": "takes blocks of numbers in short transactions of its own; a rollback leaves a gap",
    "platform/migrations/": "changes tables as their owner, one migration at a time, before anybody works with them",
    "money/channels/sandbox_provider/": "the provider's own world, with a file of its own",
}
CLIENTS = (
    "httpx2",
    "httpx",
    "requests",
    "urllib.request",
    "urllib3",
    "http.client",
    "aiohttp",
    "smtplib",
    "websockets",
)
CLIENT_ROOMS = frozenset({"platform", "rehearsal", "bench", "entry"})
OPENERS = frozenset({"transaction", "region_transaction", "reading"})
NEVER_OPENS = frozenset({"model", "rules", "records", "store", "queries", "events", "commands"})
_OUTSIDE = re.compile(r"(?:^|_)(?:channels?|providers?|client|adapter)$")


def check_committer(root: Path) -> list[str]:
    """Refuse commit(), rollback() and begin() anywhere but in the one file of the platform, which must have them."""
    wrong, committed = [], False
    for source in sources(root):
        for node in source.nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in {"commit", "rollback", "begin"}:
                continue
            if source.inside == THE_COMMITTER:
                committed = committed or node.func.attr in {"commit", "begin"}
            elif not excepted(source, EXCEPTIONS):
                words = (
                    f"calls .{node.func.attr}(); only {THE_COMMITTER} ends transactions: open one with transaction(...)"
                )
                wrong.append(source.at(node, words))
    if not committed and (root / THE_COMMITTER).exists():
        wrong.append(f"{root.name}/{THE_COMMITTER}:1: commits nothing; the one commit of the house belongs here")
    return wrong


def check_clients(root: Path) -> list[str]:
    """Refuse network clients outside jobs, channels, the platform and the edge rooms."""
    wrong = []
    for source in sources(root):
        if source.room in CLIENT_ROOMS or source.in_channels or (source.topic and source.kind == "jobs"):
            continue
        for found in source.imports:
            if any(found.full == client or found.full.startswith(f"{client}.") for client in CLIENTS):
                words = f"imports {found.full}; write a wish (tx.enqueue) and let a job call the outside world"
                wrong.append(source.at(found.line, words))
    return wrong


def check_openers(root: Path) -> list[str]:
    """Refuse transactions opened below the edge: commands and what they ask take an open one."""
    wrong = []
    for source in sources(root):
        if source.room not in BUSINESS_ROOMS or source.kind not in NEVER_OPENS:
            continue
        for node in source.nodes:
            if isinstance(node, ast.AsyncWith) and any(_opens(item.context_expr) for item in node.items):
                wrong.append(source.at(node, f"{source.kind}.py opens a transaction; take tx, the edge opens it"))
    return wrong


def check_calls_outside(root: Path) -> list[str]:
    """Refuse awaiting a channel where a transaction is open: in such a block, in a function of tx, or calls further."""
    wrong = []
    for source in sources(root):
        if source.room == "kernel":
            continue
        callers = _functions_calling_outside(source)
        for node, where in _open_stretches(source):
            for call in _awaited_calls(node):
                names = dotted(call.func)
                if _goes_outside(source, names) or (len(names) == 1 and names[0] in callers):
                    words = f"awaits {'.'.join(names)}() {where}; write the wish, a job carries it, write the answer"
                    wrong.append(source.at(call, words))
    return sorted(set(wrong))


def _opens(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func)[-1:] != [] and dotted(node.func)[-1] in OPENERS


def _open_stretches(source: Source) -> Iterator[tuple[ast.AST, str]]:
    for node in source.nodes:
        if isinstance(node, ast.AsyncWith) and any(_opens(item.context_expr) for item in node.items):
            yield node, "inside a transaction"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _takes_tx(node):
            yield node, f"in {node.name}(tx, …), where one is open"


def _takes_tx(function: Function) -> bool:
    return any(
        given.arg == "tx" for given in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    )


def _awaited_calls(node: ast.AST) -> Iterator[ast.Call]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Await):
            yield from (call for call in ast.walk(inner.value) if isinstance(call, ast.Call))
        if isinstance(inner, ast.AsyncFor):
            yield from (call for call in ast.walk(inner.iter) if isinstance(call, ast.Call))


def _goes_outside(source: Source, names: list[str]) -> bool:
    if not names:
        return False
    origin = source.origins.get(names[0], names[0])
    if any(origin == client or origin.startswith(f"{client}.") for client in CLIENTS):
        return True
    return any(_OUTSIDE.search(name) for name in names[:-1])


def _functions_calling_outside(source: Source) -> set[str]:
    """Return the functions of a file that await a channel, themselves or through another one of the file."""
    bodies = {node.name: node for node in source.functions}
    calling: set[str] = set()
    grew = True
    while grew:
        grew = False
        for name, body in bodies.items():
            names = [dotted(call.func) for call in _awaited_calls(body)]
            if name not in calling and any(
                _goes_outside(source, n) or (len(n) == 1 and n[0] in calling) for n in names
            ):
                calling.add(name)
                grew = True
    return calling
