"""A preset as a rehearsal reads it: settings only, for the region's clock, its rules and the size of the town."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec


class TownSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How large the town is, and how its stations get their goods."""

    region: int
    region_name: str
    stations: int
    members: int
    products: int
    self_collect: bool = False
    vehicles: int = 0
    leader_level: Literal["normal", "gold", "regional"] = "normal"
    offer_commission_bp: int | None = None
    stock_limits: bool = True


class DayShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which stages a day has and how people behave in it; rates in basis points of the people or things concerned."""

    payment: Literal["sandbox", "offline"]
    chain: bool = False
    warehouse: bool = True
    vans: bool = True
    comes_to_order: int = 10_000
    on_behalf: int = 0
    largest_basket: int = 4
    cancel: int = 0
    never_pay: int = 0
    pay_late: int = 0
    ask_quote: int = 2_000
    arrives_short: int = 0
    arrives_bad: int = 0
    does_not_come: int = 0
    rotten: int = 0


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An operating model, made only of settings."""

    name: str
    title: str
    english: str
    about: str
    town: TownSize
    day: DayShape
    clock: dict[str, str | int] = {}
    settings: dict[str, Any] = {}


def read_preset(path: Path) -> Preset:
    """Return the preset of a TOML file; ValueError names what does not fit."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Preset)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def resized(
    preset: Preset,
    *,
    members: int | None = None,
    stations: int | None = None,
    products: int | None = None,
    region_name: str | None = None,
    stock_limits: bool | None = None,
) -> Preset:
    """Return the preset with a town of another size or name; what is None stays."""
    given: dict[str, Any] = {"members": members, "stations": stations, "products": products, "region_name": region_name}
    given["stock_limits"] = stock_limits
    changed = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(preset, town=msgspec.structs.replace(preset.town, **changed))
