"""Doors: rooms speak only through `linli.<room>`, and a door opens only onto what it lists."""

from __future__ import annotations

import ast
from pathlib import Path

from .rooms import BUSINESS_ROOMS, OPEN_ROOMS
from .tree import Import, Source, modules, sources


def door_names(door: Source) -> list[str] | None:
    """Return the names in a door's `__all__`, or None when it has none."""
    for node in door.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(node, "value", None)
            if isinstance(value, ast.List | ast.Tuple):
                return [
                    item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
                ]
    return None


def check_doors(root: Path) -> list[str]:
    """Refuse an import that climbs into another room past its door, or names what the door does not list."""
    known = modules(root)
    wrong = []
    for source in sources(root):
        for found in source.imports:
            words = _trespass(source, found, root.name, known)
            if words:
                wrong.append(source.at(found.line, words))
    return wrong


def _trespass(source: Source, found: Import, package: str, known: dict[str, Source]) -> str:
    if found.module == package and found.name:
        found = Import(found.line, found.full, None, found.bound)
    parts = found.module.split(".")
    if parts[0] != package or len(parts) == 1:
        return ""
    room, door = parts[1], f"{package}.{parts[1]}"
    if room == source.room:
        return _through_own_door(source, found, door, known)
    if found.name == "*":
        return f"takes everything from {found.module}; name what is needed"
    if room in OPEN_ROOMS:
        return _into_open_room(found, parts, known)
    if found.full == door:
        return ""
    if found.module == door and not _behind(known.get(door), found, known):
        return _unlisted(found, known.get(door))
    reached = found.full if found.full in known else found.module
    if _special_guest(source, reached.split(".")):
        return ""
    return f"opens {found.full} past the door; import it from {door}, and list it there if it belongs outside"


def _through_own_door(source: Source, found: Import, door: str, known: dict[str, Source]) -> str:
    at_the_door = source.module == door
    if source.room not in BUSINESS_ROOMS or at_the_door or found.module != door or found.full in known:
        return ""
    return f"goes out through its own door {door} and in again; import from the topic's file"


def _behind(door: Source | None, found: Import, known: dict[str, Source]) -> bool:
    """Tell whether the name is a file or folder behind the door rather than a thing the door holds."""
    held = door.origins.get(found.name or "", found.full) if door else found.full
    return found.full in known and held == found.full


def _into_open_room(found: Import, parts: list[str], known: dict[str, Source]) -> str:
    if len(parts) > 3:
        return f"reaches two levels into {'.'.join(parts[:2])}; one level is public: import from {'.'.join(parts[:3])}"
    if len(parts) == 3 and found.name and found.full in known:
        listed = door_names(known[found.module]) if found.module in known else None
        if found.name not in (listed or []):
            return f"reaches the file {found.full}, two levels in; import the names from {found.module}"
    return ""


def _unlisted(found: Import, door: Source | None) -> str:
    if door is None or door.room not in BUSINESS_ROOMS:
        return ""
    listed = door_names(door)
    if listed is None:
        return f"{door.module} has no __all__; a door says what it opens onto"
    return (
        ""
        if found.name in listed
        else f"{found.name} is not in the __all__ of {door.module}; list it there or do not use it"
    )


def _special_guest(source: Source, reached: list[str]) -> bool:
    """Entry opens routes and jobs; entry and the migrations open records, to gather the tables."""
    if len(reached) != 4 or reached[1] not in BUSINESS_ROOMS:
        return False
    if source.room == "entry":
        return reached[3] in {"http", "jobs", "records"}
    return source.in_migrations and reached[3] == "records"
