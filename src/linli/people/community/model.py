"""Regions, communities and stations as other rooms know them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How goods come to a station: by our van, or the leader collects them at the warehouse."""

    delivery = "delivery"
    self_collect = "self_collect"


@dataclass(frozen=True, slots=True)
class RegionValue:
    """A city or county served by one warehouse."""

    id: int
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class CommunityValue:
    """A residential compound; the place in millionths of a degree."""

    id: int
    name: str
    address: str
    lat_e6: int
    lng_e6: int
    households: int


@dataclass(frozen=True, slots=True)
class StationValue:
    """Where goods are collected; the place in millionths of a degree, hours in minutes since midnight of the region."""

    id: int
    name: str
    community_name: str
    community_id: int
    leader_id: int
    address: str
    lat_e6: int
    lng_e6: int
    mode: str
    unload_minutes: int
    opens_minute: int
    closes_minute: int
    active: bool
