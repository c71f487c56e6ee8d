"""What shall be sent to a phone; both number and words are sealed, so that no queue or dump shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from linli.kernel.facts import Wish


@dataclass(frozen=True)
class SendSms(Wish):
    """A text message to one phone, worth sending until `useful_until` (UTC)."""

    name: ClassVar[str] = "people.send_sms"
    patience: ClassVar[int] = 6
    sealed_phone: str
    sealed_text: str
    useful_until: datetime
