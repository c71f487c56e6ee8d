"""The canonical order of demand lines and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from linli.supply.demand.model import FrozenLine


def canonical(lines: Iterable[FrozenLine]) -> list[FrozenLine]:
    """Return lines in the one order in which they are counted and digested."""
    return sorted(lines, key=lambda line: (line.offer_id, line.station_id, line.leader_id))


def digest_of(lines: Iterable[FrozenLine]) -> str:
    """Return the sha256 (hexadecimal) of lines, whatever order they come in."""
    digest = hashlib.sha256()
    for line in canonical(lines):
        parts = (line.offer_id, line.sku_id, line.station_id, line.leader_id, line.quantity, line.orders)
        digest.update((":".join(map(str, parts)) + "\n").encode())
    return digest.hexdigest()
