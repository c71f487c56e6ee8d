"""Reads a source tree once: every file with its syntax tree, its place in the house and what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .rooms import BUSINESS_ROOMS

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One imported thing: its module, the name taken from it (None for a plain import), the name it gets."""

    line: int
    module: str
    name: str | None
    bound: str

    @property
    def full(self) -> str:
        """The dotted name of what is imported."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def origin(self) -> str:
        """What the bound name stands for: `import a.b` binds `a`, everything else binds what it names."""
        return self.bound if self.name is None and self.bound == self.module.split(".")[0] else self.full


@dataclass(frozen=True)
class Source:
    """One Python file and its place: `linli.<room>[.<topic>[.folder]].<kind>`."""

    place: Path  # relative to the folder that holds the package, for people to read
    text: str
    tree: ast.Module

    @property
    def kind(self) -> str:
        """The file's name without its ending."""
        return self.place.stem

    @property
    def inside(self) -> str:
        """The path inside the package."""
        return "/".join(self.place.parts[1:])

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The folders between the package and the file, the room first."""
        return self.place.parts[1:-1]

    @property
    def room(self) -> str:
        """The room, or nothing for a file beside the rooms."""
        return self.folders[0] if self.folders else ""

    @property
    def topic(self) -> str:
        """The topic of a business room, or nothing."""
        return self.folders[1] if self.room in BUSINESS_ROOMS and len(self.folders) > 1 else ""

    @property
    def in_channels(self) -> bool:
        """Whether the file translates for the world outside."""
        return "channels" in self.folders

    @property
    def in_migrations(self) -> bool:
        """Whether the file belongs to the history of the database."""
        return self.folders[:2] == ("platform", "migrations")

    @cached_property
    def package(self) -> str:
        """The dotted name of the folder."""
        return ".".join(self.place.parts[:-1])

    @cached_property
    def module(self) -> str:
        """The dotted name of the file."""
        return self.package if self.kind == "__init__" else f"{self.package}.{self.kind}"

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function, nested ones and methods too."""
        return tuple(node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Everything imported anywhere in the file, relative imports made absolute."""
        return tuple(found for node in self.nodes for found in _imports(node, self.package))

    @cached_property
    def origins(self) -> dict[str, str]:
        """What each imported name stands for."""
        return {found.bound: found.origin for found in self.imports}

    def at(self, node: ast.AST | int, words: str) -> str:
        """Say what is wrong at a line of this file."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.place.as_posix()}:{line}: {words}"

    def qualified(self, node: ast.AST) -> str:
        """Return the dotted name an expression stands for, imports resolved; empty when it is no plain name."""
        names = dotted(node)
        if not names:
            return ""
        first, *rest = names
        return ".".join([self.origins.get(first, first), *rest])


def dotted(node: ast.AST) -> list[str]:
    """Return the parts of `a.b.c`, looking through calls and subscripts; empty when the root is no name."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Name):
            return [node.id, *reversed(parts)]
        else:
            return []


def _imports(node: ast.AST, package: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(node.lineno, alias.name, None, alias.asname or alias.name.split(".")[0])
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        if node.level:
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1]
            module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            yield Import(node.lineno, module, alias.name, alias.asname or alias.name)


_read: dict[Path, tuple[tuple[int, int], Source]] = {}
_parsed: dict[tuple[Path, str], Source] = {}


def sources(root: Path) -> list[Source]:
    """Return every Python file of a package folder in reading order; nothing is parsed twice."""
    found = []
    for path in sorted(root.rglob("*.py")):
        stat = path.stat()
        seen = (stat.st_mtime_ns, stat.st_size)
        kept = _read.get(path)
        if kept is None or kept[0] != seen:
            text = path.read_text(encoding="utf-8")
            place = path.relative_to(root.parent)
            if (place, text) not in _parsed:
                _parsed[place, text] = Source(place, text, ast.parse(text, str(path)))
            kept = _read[path] = (seen, _parsed[place, text])
        found.append(kept[1])
    return found


def modules(root: Path) -> dict[str, Source]:
    """Return every file of a package folder by its dotted name."""
    return {source.module: source for source in sources(root)}


def asked(found: Import, known: dict[str, Source]) -> Source | None:
    """Return the file of the house that an import reaches, or None when it is no file of the house."""
    return known.get(found.full) or known.get(found.module)


def excepted(source: Source, exceptions: Mapping[str, str]) -> bool:
    """Tell whether a file, or a folder it stands in (with a closing slash), is excepted; values are reasons."""
    return any(
        source.inside == place or (place.endswith("/") and source.inside.startswith(place)) for place in exceptions
    )


def texts(source: Source) -> Iterator[tuple[ast.expr, str]]:
    """Yield every text of a file that is not a docstring; what a formatted text fills in reads as `_`."""
    skipped = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
            yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else "_" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node, node.value
