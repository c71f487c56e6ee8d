"""Payment messages: what is not genuine leaves no trace, what is genuine and wrong pays nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from linli.entry.channels import sandbox_keys
from linli.money.channels.sandbox_wire import Envelope, Told
from linli.money.channels.signing import SandboxKeys, Signer, seal
from linli.platform.database import Tx
from tests.people_cast import done
from tests.stories.conftest import Place
from tests.stories.test_any_input import fault
from tests.stories.test_bad_input import written
from tests.stories.town import NOBODY, rows_of


def notice(keys: SandboxKeys, told: Told, number: str, *, merchant: str = "") -> bytes:
    """Return a sealed notice of the sandbox provider."""
    outer = Envelope(number, merchant or keys.merchant, "paid", "", "")
    nonce, inside = seal(keys.seal_key, msgspec.json.encode(told), outer.binding())
    return msgspec.json.encode(msgspec.structs.replace(outer, seal_nonce=nonce, sealed=inside))


async def kept_notices(place: Place) -> dict[str, int]:
    """Count the kept payment messages by verdict."""

    async def counted(tx: Tx) -> dict[str, int]:
        rows = await tx.execute(text("SELECT coalesce(verdict, 'none'), count(*) FROM money.raw_notices GROUP BY 1"))
        return {str(verdict): int(number) for verdict, number in rows}

    return await place.installation.db.run(counted, 0, by="test")


@pytest.mark.rule("S7")
async def test_payment_messages_that_are_not_genuine_are_refused_and_leave_no_trace(place: Place) -> None:
    keys, now = sandbox_keys(place.installation), place.installation.clock.now()
    charge = await _charge(place)
    told = Told(keys.merchant, "CNY", charge["attempt"], charge["amount_fen"], "P-1", now)
    good, forger = notice(keys, told, "N-1"), SandboxKeys.from_seed("forger")
    by_provider = Signer(keys.provider_key)
    fresh = by_provider.headers(good, at=now)
    cases: list[tuple[str, bytes, dict[str, str]]] = [
        ("unsigned", good, {}),
        ("signed by another", good, Signer(forger.provider_key).headers(good, at=now)),
        ("signed by ourselves", good, Signer(keys.merchant_key).headers(good, at=now)),
        ("six minutes old", good, by_provider.headers(good, at=now - timedelta(minutes=6))),
        ("from the future", good, by_provider.headers(good, at=now + timedelta(minutes=6))),
        ("another's signature", good, by_provider.headers(good + b" ", at=now)),
        ("cut short", good[:-1], fresh),
        ("with one letter changed", good.replace(b"paid", b"Paid"), fresh),
        ("no base64", good, fresh | {"sandbox-signature": "é" * 10}),
        ("a huge time", good, fresh | {"sandbox-timestamp": "9" * 4_500}),
        ("sealed under another key", *_signed(by_provider, notice(forger, told, "N-1", merchant=keys.merchant), now)),
        ("an empty body", *_signed(by_provider, b"", now)),
        ("no JSON", *_signed(by_provider, b"\xff\x00", now)),
    ]  # fmt: skip
    before, verdicts = await written(place), await kept_notices(place)
    for what, body, headers in cases:
        sent = {name.encode(): value.encode("latin-1", "replace") for name, value in headers.items()}
        answer = await place.client.post("/hooks/payments/sandbox", content=body, headers=sent)
        assert answer.status_code == 401, (what, answer.text)
        assert not fault(answer), what
    large = await place.client.post("/hooks/payments/sandbox", content=b"x" * 65_537)
    assert (large.status_code, large.json()["code"]) == (413, "notice_too_large")
    unknown = await place.client.post("/hooks/payments/moonpay", content=good, headers=fresh)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_channel")
    assert await written(place) == before
    assert await kept_notices(place) == verdicts
    assert await _state(place, charge) == charge["state"]


@pytest.mark.rule("S7")
async def test_genuine_messages_about_another_amount_or_number_are_put_aside_and_pay_nothing(place: Place) -> None:
    keys, now = sandbox_keys(place.installation), place.installation.clock.now()
    charge = await _charge(place)
    number, amount = charge["attempt"], charge["amount_fen"]
    wrong = {
        "one fen less": Told(keys.merchant, "CNY", number, amount - 1, "P-2", now),
        "other money": Told(keys.merchant, "USD", number, amount, "P-3", now),
        "a number of nobody": Told(keys.merchant, "CNY", NOBODY, amount, "P-4", now),
        "a number that is none": Told(keys.merchant, "CNY", "C1", amount, "P-5", now),
        "a number too long": Told(keys.merchant, "CNY", "9" * 30, amount, "P-6", now),
        "text with NUL": Told(keys.merchant, "CNY", number, amount - 1, "P\x007", now),
        "the far future": Told(keys.merchant, "CNY", number, amount - 1, "P-8", now.replace(year=9999)),
    }  # fmt: skip
    for at, (what, told) in enumerate(wrong.items()):
        body, headers = _signed(Signer(keys.provider_key), notice(keys, told, f"N-2{at}"), now)
        answer = await place.client.post("/hooks/payments/sandbox", content=body, headers=headers)
        assert answer.status_code < 500, (what, answer.text)
        assert not fault(answer), what
        assert await _state(place, charge) == charge["state"], what
    assert (await rows_of(place.installation, place.town.region_id))["money.entries"] == charge["entries"]


def _signed(signer: Signer, body: bytes, now: Any) -> tuple[bytes, dict[str, str]]:
    return body, signer.headers(body, at=now)


async def _charge(place: Place) -> dict[str, Any]:
    """Open a sandbox charge of the member over a fresh order; the provider has not been asked yet."""
    town, lady = place.town, place.town.who["member"]
    price = town.depot.goods["苹果"].price_fen
    order = done(await lady.post("/app/orders", town.basket(town.ids["open_cycle"], town.ids["offer"], price)))
    charge = done(await lady.post("/app/charges", {"order_ids": [order["id"]], "channel": "sandbox"}))

    async def attempt(tx: Tx) -> str:
        where = "region_id = :r AND charge_id = :c"
        found = await tx.execute(
            text(f"SELECT id FROM money.charge_attempts WHERE {where}"), {"r": tx.region_id, "c": int(charge["id"])}
        )
        return str(found.scalar_one())

    number = await place.installation.db.run(attempt, town.region_id, by="test")
    entries = (await rows_of(place.installation, town.region_id))["money.entries"]
    return {**charge, "attempt": number, "entries": entries}


async def _state(place: Place, charge: dict[str, Any]) -> str:
    found = done(await place.town.who["member"].get(f"/app/charges/{charge['id']}"))
    return str(found["state"])
