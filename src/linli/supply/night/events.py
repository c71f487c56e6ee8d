"""The wish that a cycle's night is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Wish


@dataclass(frozen=True)
class RunNight(Wish):
    """Take the steps of a cycle's night that are not taken yet."""

    name: ClassVar[str] = "supply.run_night"
    patience: ClassVar[int] = 20
    cycle_id: int
