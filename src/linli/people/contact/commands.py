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
    """Put a message about an event into somebody's inbox.

    `to` is `member:ID`, `leader:ID`, `supplier:ID`, `driver:ID` or `staff:ROLE`. Facts whose names end in _fen are
    shown in yuan; refuses RecipientUnknown.
    """
    await notify_many(tx, event=event, messages=[(to, facts)])


async def notify_many(tx: Tx, *, event: str, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Put a message about one event into many inboxes in one statement: pairs of recipient and facts, as in notify."""
    rows = []
    for (to, facts), id in zip(messages, await tx.new_ids(len(messages)) if messages else [], strict=True):
        check_recipient(to)
        message, plain = compose(event, facts), msgspec.to_builtins(facts)
        row = {"recipient": to, "event": event, "title": message.title, "text": message.text, "facts": plain}
        rows.append({**row, "id": id, "made_at": tx.now})
    await store.add_notices(tx, rows)


async def send_sms(tx: Tx, *, key: bytes, phone: str, text: str, useful_for: timedelta) -> None:
    """Wish a text message; it is dropped when it could not be sent while it was useful."""
    sealed = seal(key, PHONE, phone), seal(key, TEXT, text)
    await tx.enqueue(SendSms(*sealed, useful_until=tx.now + useful_for))


async def read_inbox(tx: Tx, *, recipients: Sequence[str], upto: int) -> int:
    """Mark messages as read up to and including one; returns how many were unread."""
    return await store.mark_read(tx, recipients, upto)
