"""The clock of an installation: the machine's own, or one steered by a simulation; the only place that reads time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant in UTC."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC, by the machine."""
        return datetime.now(UTC)


class SteeredClock:
    """A clock that stands still until it is set: simulations and tests move it."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was last set to, in UTC."""
        return self._at

    def set(self, at: datetime) -> None:
        """Set the clock to an instant, forwards or back."""
        self._at = at.astimezone(UTC)
