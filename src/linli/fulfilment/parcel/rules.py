"""Pure decisions about parcels: what is still to be sent of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def still_to_send(wanted: Mapping[int, int], sent: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Return the pieces of each line that are in no parcel yet; lines of which nothing is left are not named."""
    left = dict(wanted)
    for pieces in sent:
        for line_id, count in pieces.items():
            if line_id in left:
                left[line_id] -= count
    return {line_id: count for line_id, count in left.items() if count > 0}
