"""How far it is to a station, and what hours a station may keep."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from linli.kernel.refusals import BadInput
from linli.people.community.model import StationValue

EARTH_RADIUS_M = 6_371_009
DAY_MINUTES = 24 * 60
_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d{1,10})?),(-?\d{1,3}(?:\.\d{1,10})?)")


class PlaceUnreadable(BadInput):
    """A place is written as latitude,longitude in degrees: 28.2282,112.9388."""

    title = "位置格式有误"


class HoursContradict(BadInput):
    """A station closes after it opens, within one day."""

    title = "营业时间有误"


def parse_place(text: str) -> tuple[int, int]:
    """Read latitude,longitude in degrees into millionths of a degree; refuses PlaceUnreadable."""
    found = _PLACE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise PlaceUnreadable("write the place as latitude,longitude")
    lat_e6, lng_e6 = (round(float(part) * 1_000_000) for part in found.groups())
    if abs(lat_e6) > 90_000_000 or abs(lng_e6) > 180_000_000:
        raise PlaceUnreadable("there is no such place on earth")
    return lat_e6, lng_e6


def distance_m(lat_e6: int, lng_e6: int, other_lat_e6: int, other_lng_e6: int) -> int:
    """Return the metres between two places as the crow flies."""
    lat, other_lat = math.radians(lat_e6 / 1e6), math.radians(other_lat_e6 / 1e6)
    half_lat, half_lng = (other_lat - lat) / 2, math.radians((other_lng_e6 - lng_e6) / 1e6) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(half_lng) ** 2
    return round(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord))))


def nearest(stations: Iterable[StationValue], lat_e6: int, lng_e6: int) -> list[tuple[int, StationValue]]:
    """Return stations with their distance in metres, the nearest first."""
    measured = [(distance_m(lat_e6, lng_e6, each.lat_e6, each.lng_e6), each) for each in stations]
    return sorted(measured, key=lambda pair: (pair[0], pair[1].id))


def check_hours(opens_minute: int, closes_minute: int) -> None:
    """Refuse HoursContradict unless a station opens before it closes, within one day."""
    if not 0 <= opens_minute < closes_minute <= DAY_MINUTES:
        raise HoursContradict("opens before it closes, within one day", opens=opens_minute, closes=closes_minute)
