"""Business settings: typed, validated, dated rows per region, with the installation's own as the fallback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.refusals import BadInput
from linli.platform.database import Hot, Tx
from linli.platform.manifest import Base, Moment, RegionId, table

V = TypeVar("V")


class SettingValue(Base):
    """The value of a setting in a region from an instant on."""

    __tablename__ = "settings"
    region_id: Mapped[RegionId]
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (table("platform", "region"),)


class SettingRefused(BadInput):
    """The value has the wrong type or contradicts another rule."""

    title = "设置不成立"


@dataclass(frozen=True)
class Setting(Generic[V]):
    """A declared setting: its name, type, default, explanation for the screen, and an extra check that raises
    ValueError."""

    name: str
    type: Any
    default: V
    explain: str
    check: Callable[[V], None] = lambda value: None

    def parse(self, value: Any) -> V:
        """Return a typed value or refuse SettingRefused with the reason."""
        try:
            parsed: V = msgspec.convert(value, self.type)
            self.check(parsed)
        except (msgspec.ValidationError, ValueError) as error:
            raise SettingRefused(f"{self.name}: {error}", setting=self.name) from error
        return parsed


declared: dict[str, Setting[Any]] = {}


def declare(name: str, type: Any, default: V, explain: str, check: Callable[[V], None] | None = None) -> Setting[V]:
    """Declare a setting once, beside the rule that reads it."""
    setting = Setting(name, type, default, explain, check or (lambda value: None))
    declared[name] = setting
    return setting


VALUES = Hot(
    "SELECT region_id, name, value FROM platform.settings "
    "WHERE region_id IN (0, :region_id) AND valid_from <= :at ORDER BY valid_from"
)


async def value_of(tx: Tx, setting: Setting[V], at: datetime | None = None) -> V:
    """Return the setting's value in the transaction's region at an instant (now by default)."""
    values = await _values(tx, at or tx.now)
    return setting.parse(values[setting.name]) if setting.name in values else setting.default


async def _values(tx: Tx, at: datetime) -> dict[str, Any]:
    cache: dict[datetime, dict[str, Any]] = tx.notes.setdefault("settings", {})
    if at not in cache:
        found = await tx.quick(VALUES, {"region_id": tx.region_id, "at": at})
        everywhere = {name: value for region_id, name, value in found if region_id == 0}
        cache[at] = everywhere | {name: value for region_id, name, value in found if region_id != 0}
    return cache[at]


async def change(tx: Tx, *, name: str, value: Any, valid_from: datetime, reason: str) -> None:
    """Set a declared setting in the transaction's region from an instant on; refuses SettingRefused for unknown names
    and bad values."""
    setting = declared.get(name)
    if setting is None:
        raise SettingRefused(f"there is no setting {name}", setting=name)
    parsed = msgspec.to_builtins(setting.parse(value))
    row = {
        "region_id": tx.region_id,
        "name": name,
        "valid_from": valid_from,
        "value": parsed,
        "by": tx.by,
        "reason": reason,
        "made_at": tx.now,
    }
    write = insert(SettingValue).values(**row)
    await tx.execute(
        write.on_conflict_do_update(
            index_elements=["region_id", "name", "valid_from"],
            set_={k: write.excluded[k] for k in ("value", "by", "reason", "made_at")},
        )
    )
    tx.notes.pop("settings", None)


async def in_force(tx: Tx) -> dict[str, Any]:
    """Return every declared setting with its value in this region now, as plain data."""
    return {name: msgspec.to_builtins(await value_of(tx, setting)) for name, setting in sorted(declared.items())}


def plain_default(name: str) -> Any:
    """Return the default of a declared setting as plain data."""
    return msgspec.to_builtins(declared[name].default)
