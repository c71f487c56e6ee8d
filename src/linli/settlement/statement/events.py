"""Facts about statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class StatementMade(Fact):
    """A leader's week was settled: fen that became available."""

    name: ClassVar[str] = "settlement.statement_made"
    statement_id: int
    leader_id: int
    week: str
    released_fen: int
