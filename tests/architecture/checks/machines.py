"""Machines: every state can be reached, every verb leads between declared states, and the drawing is up to date."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from linli.kernel.machine import Machine, draw

from .tree import Source, sources


def load_machines(root: Path) -> list[tuple[str, Machine[Any]]]:
    """Return every machine that the model files of a tree declare, with its place, in the order of the files."""
    return list(_declared(root))


def check_machines(root: Path) -> list[str]:
    """Refuse machines outside model.py, states unknown or out of reach, dead ends not called final, two of one name."""
    wrong = []
    for source in sources(root):
        if source.kind != "model" and source.room != "kernel":
            for node in source.nodes:
                if isinstance(node, ast.Call) and source.qualified(node.func) == "linli.kernel.machine.Machine":
                    wrong.append(
                        source.at(node, "declares a Machine; it belongs in model.py, from which the drawing is made")
                    )
    machines = load_machines(root)
    for place, machine in machines:
        wrong += [f"{place}: machine {machine.name}: {words}" for words in _of_machine(machine)]
    for name, times in Counter(machine.name for _, machine in machines).items():
        if times > 1:
            wrong.append(f"{root.name}:1: {times} machines are called {name}; histories would mix them up")
    return wrong


def check_drawing(root: Path, drawing: Path) -> list[str]:
    """Refuse a drawing that is not what the machines render to today."""
    today = render(root)
    kept = drawing.read_text(encoding="utf-8") if drawing.exists() else ""
    if kept == today:
        return []
    return [f"{drawing.name}:1: is not what the machines are today; run python -m tests.architecture.draw_machines"]


def render(root: Path) -> str:
    """Return the drawing of all machines of a tree as Markdown."""
    return draw(machine for _, machine in load_machines(root))


def _declared(root: Path) -> Iterator[tuple[str, Machine[Any]]]:
    for source in sources(root):
        if source.kind != "model" or "Machine" not in source.text:
            continue
        module = _load(root.parent / source.place, source)
        seen: set[int] = set()
        for name, value in vars(module).items():
            if isinstance(value, Machine) and id(value) not in seen:
                seen.add(id(value))
                yield f"{source.place.as_posix()}:{_line_of(source, name)}", value


def _load(path: Path, source: Source) -> ModuleType:
    """Load a model file under a name of its own, so that a planted tree never mixes with the real one."""
    name = f"_drawn_{abs(hash(str(path)))}_{source.module.replace('.', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop(name, None)
    return module


def _line_of(source: Source, name: str) -> int:
    for node in source.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno
    return 1


def _of_machine(machine: Machine[Any]) -> Iterator[str]:
    states = type(machine.initial)
    for verb, (origins, target) in machine.moves.items():
        for state in (*origins, target):
            if not isinstance(state, states):
                yield f"{verb} speaks of {state!r}, which is no {states.__name__}"
    for state in machine.unreachable():
        yield f"{state} cannot be reached from {machine.initial}; give a verb that leads there or take it away"
    left = {origin for origins, _ in machine.moves.values() for origin in origins}
    for state in machine.states():
        if state not in left and state not in machine.final:
            yield f"nothing leads on from {state}; call it final, or give a verb that leaves it"
