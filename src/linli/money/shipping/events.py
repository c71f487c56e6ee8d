"""Wishes about hand-overs."""

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Wish


@dataclass(frozen=True)
class TellShipping(Wish):
    """Tell the provider that a charge's goods were handed over; tried for about two days, then a person is asked."""

    name: ClassVar[str] = "money.tell_shipping"
    patience: ClassVar[int] = 58
    charge_id: int
