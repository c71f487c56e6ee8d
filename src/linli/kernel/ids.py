"""Ids that locate themselves: 63 bits of region (20), day since 2020-01-01 (14) and sequence (29)."""

import re
from datetime import date, timedelta
from typing import Final

from linli.kernel.refusals import BadInput

REGION_BITS: Final = 20
DAY_BITS: Final = 14
SEQUENCE_BITS: Final = 29

FIRST_DAY: Final = date(2020, 1, 1)
LAST_DAY: Final = FIRST_DAY + timedelta(days=(1 << DAY_BITS) - 1)
MAX_REGION: Final = (1 << REGION_BITS) - 1
MAX_SEQUENCE: Final = (1 << SEQUENCE_BITS) - 1
MAX_ID: Final = (1 << (REGION_BITS + DAY_BITS + SEQUENCE_BITS)) - 1

EVERYWHERE: Final = 0
"""The region of reference and global rows."""

_PLAIN: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class BadId(BadInput):
    """The text is no id: not a plain decimal number, or beyond 63 bits."""


def make_id(region_id: int, day: date, sequence: int) -> int:
    """Return the id of the sequence-th thing of a region's day; ValueError where one of them does not fit."""
    days = (day - FIRST_DAY).days
    _fits("region", region_id, MAX_REGION)
    _fits("day", days, (1 << DAY_BITS) - 1)
    _fits("sequence", sequence, MAX_SEQUENCE)
    return (region_id << (DAY_BITS + SEQUENCE_BITS)) | (days << SEQUENCE_BITS) | sequence


def region_of(number: int) -> int:
    """Return the region an id was made in, 0 for reference and global rows; ValueError beyond 63 bits."""
    _fits("id", number, MAX_ID)
    return number >> (DAY_BITS + SEQUENCE_BITS)


def day_of(number: int) -> date:
    """Return the day an id was made for; ValueError beyond 63 bits."""
    _fits("id", number, MAX_ID)
    return FIRST_DAY + timedelta(days=(number >> SEQUENCE_BITS) & ((1 << DAY_BITS) - 1))


def sequence_of(number: int) -> int:
    """Return the number of an id within its region's day; ValueError beyond 63 bits."""
    _fits("id", number, MAX_ID)
    return number & MAX_SEQUENCE


def parse_id(text: str) -> int:
    """Read an id as JSON and addresses carry it, a plain decimal string; refuses BadId."""
    if _PLAIN.fullmatch(text) is None or (found := int(text)) > MAX_ID:
        raise BadId("not an id", text=text[:40])
    return found


def _fits(what: str, value: int, largest: int) -> None:
    if not 0 <= value <= largest:
        raise ValueError(f"{what} {value} is not within 0 and {largest}")
