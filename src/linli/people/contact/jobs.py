"""Sends the text messages that were wished for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import structlog

from linli.people.contact.channels.sms import FileSender, SmsSender
from linli.people.contact.commands import PHONE, TEXT
from linli.people.contact.events import SendSms
from linli.platform.jobs import carries
from linli.platform.secrecy import unseal

if TYPE_CHECKING:
    from linli.platform.installation import Installation

log = structlog.get_logger()


@carries(SendSms)
async def send_wished_sms(installation: Installation, region_id: int, wish: SendSms) -> None:
    """Send one message by the installation's sender (`channels["sms"]`, else the file `sms.log` in its home)."""
    at = installation.clock.now()
    if at > wish.useful_until:
        log.warning("sms_too_late", region=region_id)
        return
    sender: SmsSender | None = installation.channels.get("sms")
    if sender is None:
        sender = FileSender(installation.config.home / "sms.log")
        if not installation.config.development:
            log.warning("sms_written_to_file", why="no sender of text messages is configured")
    # The seal is fresh for every wish and the same on every attempt: a good number of our own.
    number = hashlib.sha256(wish.sealed_text.encode()).hexdigest()[:24]
    phone, text = unseal(installation.key, PHONE, wish.sealed_phone), unseal(installation.key, TEXT, wish.sealed_text)
    await sender.send(number=number, phone=phone, text=text, at=at)
