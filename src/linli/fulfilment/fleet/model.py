"""A vehicle as other topics see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VehicleValue:
    """A vehicle: grams and millilitres it carries, its shift in minutes since midnight, and its driver's account."""

    id: int
    plate: str
    capacity_g: int
    capacity_ml: int
    chilled: bool
    driver_id: int
    shift_from: int
    shift_until: int
    active: bool
