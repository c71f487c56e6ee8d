"""The values a pasted 接龙 is read into: entries, their items, and what changed between two pastes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

_SHOWN = ("serial", "who", "place", "items", "note", "status", "source")


class ChainUnreadable(ValueError):
    """The pasted text or file is not a 接龙 that can be read at all."""

    code = "chain_unreadable"


class EntryStatus(StrEnum):
    """How far an entry was understood."""

    UNDERSTOOD = "understood"
    UNCLEAR = "unclear"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of goods in an entry; `unit` is empty when the writer gave none."""

    goods: str
    quantity: Decimal
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the item as plain values: a whole quantity as an integer, halves and the like as a number."""
        whole = self.quantity % 1 == 0
        return {"goods": self.goods, "quantity": (int if whole else float)(self.quantity), "unit": self.unit}


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered line of a chain; `occurrence` counts entries that say the same thing, the first being 1."""

    serial: int | None
    who: str
    place: str
    items: tuple[Item, ...]
    note: str
    status: EntryStatus
    source: str
    occurrence: int = 1

    @property
    def saying(self) -> str:
        """What the entry says apart from its number and occurrence: the same for a renumbered or withdrawn copy."""
        if self.status is EntryStatus.UNCLEAR:
            said = re.sub(r"^\W*(?:第?\d+|[①-⑳])\W*|\s+", "", self.source)
        else:
            said = "\n".join(f"{i.goods}\t{i.quantity.normalize():f}\t{i.unit}" for i in self.items)
        return _digest(self.who, 8) + "-" + _digest(self.place + "\n" + said, 16)

    @property
    def key(self) -> str:
        """The stable identity of the entry across pastes of the growing chain."""
        return f"{self.saying}-{self.occurrence}"

    def as_json(self) -> dict[str, Any]:
        """Give the entry as plain values."""
        plain = {name: getattr(self, name) for name in _SHOWN}
        return plain | {"items": [item.as_json() for item in self.items], "status": self.status.value}


@dataclass(frozen=True, slots=True)
class Chain:
    """A whole chain: its title and its entries in the order they were written."""

    title: str
    entries: tuple[Entry, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the chain as plain values."""
        return {"title": self.title, "entries": [entry.as_json() for entry in self.entries]}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An entry taken back: `key` names the earlier entry that no longer holds."""

    key: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Growth:
    """What a newer paste of a chain changes: entries to add, keys no longer there, entries taken back, and the rest."""

    added: tuple[Entry, ...]
    gone: tuple[str, ...]
    withdrawn: tuple[Withdrawal, ...]
    unchanged: tuple[Entry, ...]


def _digest(text: str, length: int) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
