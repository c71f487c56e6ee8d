"""Telling people: a line in the inbox in the same transaction, a text message as a wish for a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from linli.people.contact import store
from linli.people.contact.events import SendSms
from linli.people.contact.rules import check_recipient, compose
from linli.platform.database import Tx
from linli.platform.secrecy import seal

PHONE, TEXT = "people.sms.phone", "people.sms.text"


async def notify(tx: Tx, *, to: str, event: str, facts: dict[str, Any]) -> None:
    """Put a message about an event into somebody's inbox (`member:ID`, `leader:ID`, `supplier:ID`, `driver:ID`,.

    `staff:ROLE`).

    Facts whose names end in _fen are shown in yuan; refuses RecipientUnknown.
    """
    check_recipient(to)
    message = compose(event, facts)
    plain = msgspec.to_builtins(facts)
    row = {"recipient": to, "event": event, "title": message.title, "text": message.text, "facts": plain}
    await store.add_notice(tx, {**row, "id": await tx.new_id(), "made_at": tx.now})


async def send_sms(tx: Tx, *, key: bytes, phone: str, text: str, useful_for: timedelta) -> None:
    """Wish a text message; it is dropped when it could not be sent while it was useful."""
    sealed = seal(key, PHONE, phone), seal(key, TEXT, text)
    await tx.enqueue(SendSms(*sealed, useful_until=tx.now + useful_for))


async def read_inbox(tx: Tx, *, recipients: Sequence[str], upto: int) -> int:
    """Mark messages as read up to and including one; returns how many were unread."""
    return await store.mark_read(tx, recipients, upto)
