"""Topics: the same few files everywhere, each asking only what its place in the slice allows, and no rings."""

from __future__ import annotations

import ast
from pathlib import Path

from .rooms import BUSINESS_ROOMS
from .tree import Import, Source, asked, modules, sources

# Pure readers beside rules.py, with the reason why rules.py alone is not enough.
PURE_EXTRAS: dict[tuple[str, str], dict[str, str]] = {
    ("ordering", "chain"): {
        "entries": "cuts a pasted chain into its entries: a reader of its own",
        "goods": "goods named in title, catalogue and entries: a reader of its own",
        "layout": "cuts a text into head and numbered entries",
        "numbers": "Chinese and full-width numbers and quantities: a reader of its own",
        "ordering_words": "pairs names, goods and quantities, and knows the words of change and withdrawal",
        "places": "buildings, units and rooms in the hundred ways people write them",
        "scanning": "walks a text in one pass, so that no pattern can run away",
        "vocabulary": "the goods, units and surnames people write",
        "wrapping": "takes a chain out of file bytes and chat-record XML",
    },
}
# Files of a topic beyond the house's names that may speak to the database or hold text, with the reason.
OTHER_EXTRAS: dict[tuple[str, str], dict[str, str]] = {}

# What a file may ask inside its room (any topic), which doors it may knock at, and whether the platform answers it.
WRITING = frozenset({"settings", "model", "rules", "records", "store", "queries", "events", "commands", "channels"})
INSIDE: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "rules": frozenset({"model"}),
    "records": frozenset({"model"}),
    "settings": frozenset({"model", "rules"}),
    "store": frozenset({"model", "rules", "records", "store"}),
    "queries": frozenset({"settings", "model", "rules", "records", "store", "queries"}),
    "events": frozenset({"model"}),
    "commands": WRITING,
    "jobs": WRITING,
    "http": frozenset({"settings", "model", "rules", "queries", "commands", "channels", "http"}),  # shapes of bodies
    "channels": frozenset({"channels", "model"}),
    "door": frozenset({"model", "rules", "queries", "events", "commands", "channels"}),
}
KNOCKS = frozenset({"queries", "commands", "jobs", "http"})
NO_PLATFORM = frozenset({"model", "rules", "events"})
RECORDS_PLATFORM = frozenset({"manifest", "database", "machines"})
FILE_NAMES = frozenset({"__init__", *INSIDE}) - {"channels", "door"}


def check_file_names(root: Path) -> list[str]:
    """Refuse a file of a business room that has none of the house's names, or stands in no topic."""
    wrong = []
    for source in sources(root):
        if source.room not in BUSINESS_ROOMS or source.in_channels:
            continue
        if not source.topic:
            if source.kind != "__init__":
                wrong.append(
                    source.at(1, "stands in the room itself; a room holds a door and topics, put it into a topic")
                )
        elif source.kind not in FILE_NAMES | set(_extras(source)):
            names = " ".join(sorted(FILE_NAMES))
            wrong.append(
                source.at(1, f"{source.kind}.py is no file name of the house ({names}); or declare it with a reason")
            )
    return wrong


def check_file_imports(root: Path) -> list[str]:
    """Refuse an import that a file's place in its topic does not allow."""
    known = modules(root)
    wrong = []
    for source in sources(root):
        if source.room not in BUSINESS_ROOMS:
            continue
        for found in source.imports:
            words = _too_far(source, found, root.name, known)
            if words:
                wrong.append(source.at(found.line, words))
        if source.kind == "records":
            wrong += _behaviour(source)
    return list(dict.fromkeys(wrong))


def check_rings(root: Path) -> list[str]:
    """Refuse topics of one room that ask each other in a ring."""
    known = modules(root)
    edges: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for source in known.values():
        for found in source.imports if source.topic else ():
            target = asked(found, known)
            if target and target.room == source.room and target.topic not in ("", source.topic):
                here = edges.setdefault((source.room, source.topic), {})
                here.setdefault((target.room, target.topic), source.at(found.line, ""))
    wrong, told = [], set()
    for start in sorted(edges):
        ring = _ring_from(start, edges)
        if ring and frozenset(ring) not in told:
            told.add(frozenset(ring))
            names = " → ".join(topic for _, topic in [*ring, start])
            where = edges[start][ring[1 % len(ring)]]
            wrong.append(f"{where}the topics ask in a ring: {names}; move the shared part down or announce a fact")
    return wrong


def _extras(source: Source) -> dict[str, str]:
    place = (source.room, source.topic)
    return {**PURE_EXTRAS.get(place, {}), **OTHER_EXTRAS.get(place, {})}


def _role(source: Source) -> str:
    if source.in_channels:
        return "channels"
    if source.kind == "__init__":
        return "door"
    if source.kind in PURE_EXTRAS.get((source.room, source.topic), {}):
        return "rules"
    return source.kind


def _too_far(source: Source, found: Import, package: str, known: dict[str, Source]) -> str:
    role = _role(source)
    parts = found.full.split(".")
    if role not in INSIDE or parts[0] != package or len(parts) < 2 or parts[1] == "kernel":
        return ""
    if parts[1] == "platform":
        if role in NO_PLATFORM:
            return f"{source.kind}.py asks the platform ({found.full}); it may ask the kernel and model"
        if role == "records" and len(parts) > 2 and parts[2] not in RECORDS_PLATFORM:
            return (
                f"records.py asks {found.full}; it declares tables and needs only {', '.join(sorted(RECORDS_PLATFORM))}"
            )
        return ""
    if parts[1] != source.room:
        return (
            "" if role in KNOCKS else f"{source.kind}.py asks another room ({found.full}); let commands or queries ask"
        )
    target = asked(found, known)
    if target is None or not target.topic or (target.kind == "__init__" and not target.in_channels):
        return ""
    reached = _role(target)
    own_pure = role == "rules" and reached == "rules" and target.topic == source.topic
    if reached in INSIDE[role] or own_pure or target.kind == source.kind == "__init__":
        return ""
    may = ", ".join(sorted(INSIDE[role])) or "the kernel only"
    return f"{source.kind}.py asks {target.kind}.py of {target.topic}; {role} may ask: {may}"


def _behaviour(source: Source) -> list[str]:
    wrong = []
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                    wrong.append(
                        source.at(item, f"{node.name}.{item.name}: rows have no behaviour; decide in rules.py")
                    )
        if isinstance(node, ast.Call) and source.qualified(node.func).endswith("relationship"):
            wrong.append(source.at(node, "relationship(): rows are not followed lazily; ask with a query in store.py"))
    return wrong


def _ring_from(
    start: tuple[str, str], edges: dict[tuple[str, str], dict[tuple[str, str], str]]
) -> list[tuple[str, str]] | None:
    """Return the shortest way from a topic back to itself."""
    ways = [[start]]
    seen: set[tuple[str, str]] = set()
    while ways:
        way = ways.pop(0)
        for following in sorted(edges.get(way[-1], {})):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None
