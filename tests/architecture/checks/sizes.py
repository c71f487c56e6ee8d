"""Sizes: what a person can hold in the head at once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .doors import door_names
from .rooms import BUSINESS_ROOMS
from .tree import Function, Source, sources

FUNCTION, FUNCTION_P95 = 60, 30
FILE, FILE_P95 = 400, 250
TOPIC, ROOM, TOPICS_OF_A_ROOM = 1_500, 8_000, 9
DOOR, REACTION = 40, 15


def length(function: Function) -> int:
    """Return the lines of a function from `def` to its end, decorators not counted."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def p95(values: Sequence[int]) -> int:
    """Return the value that 95 of 100 do not exceed (nearest rank); 0 for none."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1] if values else 0


def check_sizes(root: Path) -> list[str]:
    """Refuse functions, files, topics, rooms and doors beyond the agreed sizes; migrations do not count."""
    counted = [source for source in sources(root) if not source.in_migrations]
    return [*_functions(counted, root.name), *_files(counted, root.name), *_topics_and_rooms(counted, root.name)]


def _functions(counted: list[Source], package: str) -> list[str]:
    wrong, lengths = [], []
    for source in counted:
        for function in source.functions:
            lines = length(function)
            lengths.append(lines)
            if lines > FUNCTION:
                wrong.append(
                    source.at(function, f"{function.name} has {lines} lines, more than {FUNCTION}; name its steps")
                )
            elif source.room == "reactions" and lines > REACTION:
                words = f"reaction {function.name} has {lines} lines, more than {REACTION}; it should call one command"
                wrong.append(source.at(function, words))
    if p95(lengths) > FUNCTION_P95:
        wrong.append(f"{package}:1: 95 of 100 functions reach {p95(lengths)} lines, more than {FUNCTION_P95}")
    return wrong


def _files(counted: list[Source], package: str) -> list[str]:
    wrong, lengths = [], []
    for source in counted:
        lines = len(source.text.splitlines())
        lengths.append(lines)
        if lines > FILE:
            wrong.append(source.at(1, f"{lines} lines, more than {FILE}; split along what it speaks of"))
    if p95(lengths) > FILE_P95:
        wrong.append(f"{package}:1: 95 of 100 files reach {p95(lengths)} lines, more than {FILE_P95}")
    return wrong


def _topics_and_rooms(counted: list[Source], package: str) -> list[str]:
    wrong = []
    of_topic: dict[tuple[str, str], int] = defaultdict(int)
    of_room: dict[str, int] = defaultdict(int)
    for source in counted:
        of_room[source.room] += len(source.text.splitlines())
        if source.topic:
            # Beside a room's adapters the other side's own world may stand: a slice of its own.
            part = "/".join(source.folders[1:3]) if source.topic == "channels" else source.topic
            of_topic[source.room, part] += len(source.text.splitlines())
        names = door_names(source) if source.kind == "__init__" and len(source.folders) == 1 else None
        if names and len(names) > DOOR:
            wrong.append(source.at(1, f"the door has {len(names)} names, more than {DOOR}; say less outside"))
    for (room, topic), lines in sorted(of_topic.items()):
        if lines > TOPIC:
            wrong.append(f"{package}/{room}/{topic}:1: {lines} lines, more than {TOPIC}; split the topic along a seam")
    for room, lines in sorted(of_room.items()):
        topics = sum(1 for place in of_topic if place[0] == room and not place[1].startswith("channels"))
        if lines > ROOM:
            wrong.append(f"{package}/{room}:1: {lines} lines, more than {ROOM}; split the room along a topic")
        if room in BUSINESS_ROOMS and topics > TOPICS_OF_A_ROOM:
            wrong.append(f"{package}/{room}:1: {topics} topics, more than {TOPICS_OF_A_ROOM}; split the room")
    return wrong
