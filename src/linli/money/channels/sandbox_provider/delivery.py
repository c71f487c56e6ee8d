"""Notices on their way to the merchant: sealed once, signed at each attempt, repeated with growing gaps."""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import msgspec

from linli.money.channels.sandbox_provider.faults import Faults
from linli.money.channels.sandbox_provider.store import KeptNotice, Store
from linli.money.channels.sandbox_wire import Envelope, Event, Told
from linli.money.channels.signing import KeyRing, seal

# The gaps after which WeChat Pay repeats a notice: fifteen more attempts within about a day, then never again.
GAPS = tuple(timedelta(seconds=s) for s in (15, 15, 30, 180, 600, 1200, *[1800] * 3, 3600, *[10800] * 3, 21600, 21600))
HELD_AT_MOST = timedelta(minutes=10)
ECHO_AFTER = timedelta(seconds=5)
BATCH = 64


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to hand a notice to the merchant."""

    url: str
    headers: dict[str, str]
    body: bytes
    notice_id: str
    attempt: int


Deliver = Callable[[Delivery], Awaitable[int]]


def over_http(client: httpx2.AsyncClient) -> Deliver:
    """Deliver with real POST requests; gives the status, or 0 if there was no answer."""

    async def deliver(delivery: Delivery) -> int:
        try:
            answer = await client.post(delivery.url, content=delivery.body, headers=delivery.headers)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return 0
        return answer.status_code

    return deliver


class Postman:
    """Keeps notices in the store and carries them out when they fall due."""

    def __init__(self, store: Store, keys: KeyRing, clock: Callable[[], datetime], deliver: Deliver) -> None:
        self._store, self._keys, self._clock, self._deliver = store, keys, clock, deliver

    def post(self, event: Event, told: Told, url: str, faults: Faults) -> None:
        """Seal what happened and put it on its way, struck by whatever faults draw it."""
        number = told.refund_no or told.channel_no
        # Made of what happened, not counted: a provider that lost its memory still never reuses an id.
        mark = f"{event}|{number}|{told.provider_no}|{told.happened_at.isoformat()}"
        notice_id = "N" + hmac.digest(self._keys.seal_key, mark.encode(), hashlib.sha256).hex()[:30]
        if faults.strikes("wrong_amount", number):
            told = msgspec.structs.replace(told, amount_fen=told.amount_fen + 1)
        outer = Envelope(notice_id, told.merchant, event, "", "")
        nonce, sealed = seal(self._keys.seal_key, msgspec.json.encode(told), outer.binding())
        body = msgspec.json.encode(msgspec.structs.replace(outer, seal_nonce=nonce, sealed=sealed))
        due, held = told.happened_at, None
        if faults.strikes("late", number):
            due += faults.delay("late", number, faults.late_at_most)
        if faults.strikes("out_of_order", number):
            held = due + HELD_AT_MOST
        self._store.add_notice(notice_id, url, body, due, held)
        if faults.strikes("double", number):
            self._store.add_notice(notice_id, url, body, due + ECHO_AFTER, None)

    async def carry_due(self, parallel: int) -> int:
        """Try every notice that is due, `parallel` at a time; gives the number of attempts."""
        now, attempts = self._clock(), 0
        while batch := self._store.due_notices(now, BATCH):
            for start in range(0, len(batch), parallel):
                made = await asyncio.gather(*(self._attempt(notice) for notice in batch[start : start + parallel]))
                attempts += sum(made)
        return attempts

    async def _attempt(self, notice: KeptNotice) -> bool:
        now = self._clock()
        last = notice.attempts >= len(GAPS)
        if not self._store.claim_notice(notice, now + GAPS[min(notice.attempts, len(GAPS) - 1)]):
            return False
        headers = {"content-type": "application/json"} | self._keys.signer.headers(notice.body, at=now)
        status = await self._deliver(Delivery(notice.url, headers, notice.body, notice.notice_id, notice.attempts + 1))
        if 200 <= status < 300:
            self._store.end_notice(notice, "delivered")
        elif last:
            self._store.end_notice(notice, "given_up")
        return True

    def next_due(self) -> datetime | None:
        """When something happens next by itself."""
        at = self._store.next_due()
        return datetime.fromisoformat(at).astimezone(UTC) if at else None
