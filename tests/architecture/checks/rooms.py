"""The order of the rooms: which floor each stands on, which of them hold topics and which are open."""

from __future__ import annotations

FLOORS: tuple[tuple[str, ...], ...] = (
    ("kernel",),
    ("platform",),
    ("people", "catalog", "money"),
    ("sale",),
    ("marketing",),
    ("ordering",),
    ("supply",),
    ("warehouse",),
    ("fulfilment",),
    ("aftersale",),
    ("settlement",),
    ("insight",),
    ("reactions",),
    ("rehearsal",),
    ("bench",),
    ("entry",),
)
FLOOR_OF: dict[str, int] = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
BUSINESS_ROOMS: frozenset[str] = frozenset(room for rooms in FLOORS[2:12] for room in rooms)
OPEN_ROOMS: frozenset[str] = frozenset({"kernel", "platform"})  # their modules are their doors
EDGE_ROOMS: frozenset[str] = frozenset({"entry", "rehearsal", "bench"})


def may_ask(asker: str, asked: str) -> bool:
    """Tell whether a room may ask another: itself, or one that stands on an earlier floor."""
    return asker == asked or FLOOR_OF[asked] < FLOOR_OF[asker]
