"""What the provider decides: opening, paying, closing and refunding, each all or nothing in its own memory."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from linli.money.channels.sandbox_provider.delivery import Postman
from linli.money.channels.sandbox_provider.faults import Faults
from linli.money.channels.sandbox_provider.store import KeptCharge, KeptRefund, Store, stamp
from linli.money.channels.sandbox_wire import (
    CURRENCY,
    AskRefund,
    ChargeTold,
    ChargeWord,
    Event,
    OpenCharge,
    RefundTold,
    Told,
)
from linli.money.channels.signing import KeyRing

# WeChat Pay's limits, which this provider shares.
REFUNDABLE_FOR = timedelta(days=365)
REFUNDS_PER_CHARGE = 50
REFUND_GAP = timedelta(minutes=1)
REFUND_TAKES = timedelta(seconds=3)


class No(Exception):
    """The provider refuses, with an HTTP status and a code."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Desk:
    """The provider's counter, where the merchant and the payer come."""

    def __init__(self, store: Store, keys: KeyRing, clock: Callable[[], datetime], postman: Postman) -> None:
        self._store, self._keys, self._clock, self._postman = store, keys, clock, postman
        self.faults = Faults()
        self._refund_tries: dict[str, int] = {}

    def open_charge(self, wish: OpenCharge) -> ChargeTold:
        """Open a charge, or repeat the one open under this number."""
        self._own(wish.merchant, wish.currency)
        now = self._clock()
        with self._store.whole():
            charge = self._store.charge(wish.channel_no)
            if charge is None:
                if wish.expires_at <= now:
                    raise No(400, "already_expired")
                charge = KeptCharge(
                    channel_no=wish.channel_no,
                    token=self._secret("token", wish.channel_no)[:32],
                    amount_fen=wish.amount_fen,
                    description=wish.description,
                    expires_at=stamp(wish.expires_at),
                    notify_url=wish.notify_url,
                    state="unpaid",
                )
                self._store.put_charge(charge)
        if (charge.amount_fen, charge.notify_url) != (wish.amount_fen, wish.notify_url):
            raise No(409, "number_reused", "this number stands for another charge")
        if (state := self._state(charge, now)) != "unpaid":
            raise No(409, f"charge_{state}")
        return self._told(charge, now)

    def query_charge(self, channel_no: str) -> ChargeTold:
        """How a charge stands."""
        return self._told(self._known(channel_no), self._clock())

    def close_charge(self, channel_no: str) -> ChargeTold:
        """Make a charge unpayable, unless the money came first."""
        with self._store.whole():
            charge = self._known(channel_no)
            if charge.state == "paid":
                raise No(409, "charge_paid")
            charge = replace(charge, state="closed")
            self._store.put_charge(charge)
        return self._told(charge, self._clock())

    def to_pay(self, token: str) -> tuple[KeptCharge, ChargeWord]:
        """The charge behind a payer's link, and how it stands."""
        charge = self._store.charge_of_token(token)
        if charge is None:
            raise No(404, "charge_unknown")
        return charge, self._state(charge, self._clock())

    def pay(self, token: str, amount_fen: int | None = None) -> KeptCharge:
        """The payer pays, in full or, misbehaving, another amount; the merchant will be told."""
        with self._store.whole():
            now = self._clock()
            charge, state = self.to_pay(token)
            if state != "unpaid":
                raise No(409, f"charge_{state}")
            paid = replace(
                charge,
                state="paid",
                provider_no="P" + self._secret("charge", f"{charge.channel_no}|{stamp(now)}")[:30],
                paid_fen=charge.amount_fen if amount_fen is None else amount_fen,
                paid_at=stamp(now),
            )
            self._store.put_charge(paid)
            self._tell("paid", paid.channel_no, paid.paid_fen, str(paid.provider_no), now, paid.notify_url)
        return paid

    def ask_refund(self, wish: AskRefund) -> RefundTold:
        """Accept a refund within what was paid and not yet given back, or repeat what became of this number."""
        self._own(wish.merchant, wish.currency)
        self.settle_due()
        with self._store.whole():
            refund = self._store.refund(wish.refund_no)
            if refund is None:
                refund = self._accepted(wish)
                self._store.put_refund(refund)
        if (refund.channel_no, refund.amount_fen) != (wish.channel_no, wish.amount_fen):
            raise No(409, "number_reused", "this number stands for another refund")
        return self._refund_told(refund)

    def query_refund(self, refund_no: str) -> RefundTold:
        """How a refund stands."""
        self.settle_due()
        refund = self._store.refund(refund_no)
        if refund is None:
            raise No(404, "refund_unknown")
        return self._refund_told(refund)

    def settle_due(self) -> None:
        """Bring refunds whose time has come to their end, and tell the merchant."""
        now = self._clock()
        if not self._store.refunds_to_settle(now):
            return
        with self._store.whole():
            for refund in self._store.refunds_to_settle(now):
                self._store.put_refund(replace(refund, state=refund.settles_as))
                event: Event = "refunded" if refund.settles_as == "done" else "refund_failed"
                at = datetime.fromisoformat(refund.settles_at)
                where = (refund.provider_no, at, refund.notify_url, refund.refund_no)
                self._tell(event, refund.channel_no, refund.amount_fen, *where)

    def _accepted(self, wish: AskRefund) -> KeptRefund:
        now, charge = self._clock(), self._known(wish.channel_no)
        if charge.state != "paid" or charge.paid_at is None:
            raise No(409, "charge_not_paid")
        earlier = self._store.refunds_of(wish.channel_no)
        given = sum(refund.amount_fen for refund in earlier if refund.state != "failed")
        if wish.total_fen != charge.paid_fen:
            raise No(409, "total_mismatch", "the total is not what was paid")
        if given + wish.amount_fen > charge.paid_fen:
            raise No(409, "refund_exceeds_paid")
        if now - datetime.fromisoformat(charge.paid_at) > REFUNDABLE_FOR:
            raise No(409, "refund_too_late")
        if len(earlier) >= REFUNDS_PER_CHARGE:
            raise No(409, "too_many_refunds")
        if earlier and now - datetime.fromisoformat(earlier[-1].asked_at) < REFUND_GAP:
            raise No(429, "refund_too_soon", "refunds of one charge are a minute apart")
        number, faults = wish.refund_no, self.faults
        attempt = self._refund_tries[number] = self._refund_tries.get(number, 0) + 1
        if faults.strikes("refuse_refund", f"{number}|{attempt}"):
            raise No(403, "balance_too_low", "the merchant's balance does not cover it now")
        self._refund_tries.pop(number)
        slow = faults.strikes("slow_refund", number)
        takes = faults.delay("slow_refund", number, faults.slow_at_most) if slow else REFUND_TAKES
        return KeptRefund(
            refund_no=number,
            channel_no=wish.channel_no,
            amount_fen=wish.amount_fen,
            notify_url=wish.notify_url,
            state="accepted",
            provider_no="R" + self._secret("refund", f"{number}|{stamp(now)}")[:30],
            asked_at=stamp(now),
            settles_at=stamp(now + takes),
            settles_as="failed" if faults.strikes("fail_refund", number) else "done",
        )

    def _tell(
        self, event: Event, channel_no: str, fen: int, no: str, at: datetime, url: str, refund_no: str | None = None
    ) -> None:
        told = Told(self._keys.merchant, CURRENCY, channel_no, fen, no, at, refund_no)
        self._postman.post(event, told, url, self.faults)

    def _own(self, merchant: str, currency: str) -> None:
        if merchant != self._keys.merchant:
            raise No(403, "merchant_unknown")
        if currency != CURRENCY:
            raise No(400, "currency_unknown")

    def _known(self, channel_no: str) -> KeptCharge:
        charge = self._store.charge(channel_no)
        if charge is None:
            raise No(404, "charge_unknown")
        return charge

    def _state(self, charge: KeptCharge, now: datetime) -> ChargeWord:
        return "closed" if charge.state == "unpaid" and charge.expires_at <= stamp(now) else charge.state

    def _secret(self, kind: str, text: str) -> str:
        return hmac.digest(self._keys.seal_key, f"{kind}|{text}".encode(), hashlib.sha256).hex()

    def _told(self, charge: KeptCharge, now: datetime) -> ChargeTold:
        state = self._state(charge, now)
        return ChargeTold(
            merchant=self._keys.merchant,
            channel_no=charge.channel_no,
            state=state,
            amount_fen=charge.paid_fen if state == "paid" else charge.amount_fen,
            currency=CURRENCY,
            pay_token=charge.token,
            pay_url=f"/sandbox/pay/{charge.token}",
            provider_no=charge.provider_no,
            paid_at=datetime.fromisoformat(charge.paid_at) if charge.paid_at else None,
        )

    def _refund_told(self, refund: KeptRefund) -> RefundTold:
        return RefundTold(
            merchant=self._keys.merchant,
            refund_no=refund.refund_no,
            channel_no=refund.channel_no,
            state=refund.state,
            amount_fen=refund.amount_fen,
            currency=CURRENCY,
            provider_no=refund.provider_no,
            done_at=datetime.fromisoformat(refund.settles_at) if refund.state == "done" else None,
        )
