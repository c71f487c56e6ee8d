"""Floors: a room asks only rooms that come before it in the business day."""

from __future__ import annotations

from pathlib import Path

from .rooms import FLOOR_OF, may_ask
from .tree import sources

BESIDE_THE_ROOMS = {"__init__.py", "__main__.py", "py.typed"}


def check_floors(root: Path) -> list[str]:
    """Refuse a folder that is no known room, a file beside the rooms, and an import of a later room or a neighbour."""
    wrong = []
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and entry.name not in FLOOR_OF and any(entry.rglob("*.py")):
            wrong.append(
                f"{root.name}/{entry.name}:1: no such room; place it on a floor in checks/rooms.py or inside a room"
            )
        if entry.is_file() and entry.name not in BESIDE_THE_ROOMS:
            wrong.append(f"{root.name}/{entry.name}:1: stands beside the rooms; give it to the room it serves")
    for source in sources(root):
        for found in source.imports:
            asked_room = _room_asked(found.full, root.name)
            if asked_room not in FLOOR_OF or source.room not in FLOOR_OF:
                continue
            if not may_ask(source.room, asked_room):
                words = f"{source.room} asks {asked_room}, which does not come before it"
                wrong.append(source.at(found.line, f"{words}; announce a fact and answer it in reactions/"))
    return wrong


def _room_asked(full: str, package: str) -> str:
    first, *rest = full.split(".")
    return rest[0] if first == package and rest else ""
