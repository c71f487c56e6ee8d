"""The way to a phone: what every sender of text messages offers, and the sender that writes into a file instead."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


class SmsSender(Protocol):
    """Sends one text message; the number is ours, so that the same message is not sent twice by a careful provider."""

    async def send(self, *, number: str, phone: str, text: str, at: datetime) -> None:
        """Hand over one message or raise."""
        ...


@dataclass(frozen=True)
class FileSender:
    """Appends each message as one JSON line to a file that only the installation's own user may read."""

    path: Path

    async def send(self, *, number: str, phone: str, text: str, at: datetime) -> None:
        """Append one line in one write, so that two workers never mix theirs."""
        line = json.dumps({"at": at.isoformat(), "number": number, "to": phone, "text": text}, ensure_ascii=False)
        opened = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(opened, line.encode() + b"\n")
        finally:
            os.close(opened)
