"""What a forger, a thief of old messages or a broken line can send, and why none of it is believed."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.money.channels.interface import ChannelTrouble, ForgedNotice, Forgery, Notice, NoticeKind
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import SandboxProvider
from linli.money.channels.sandbox_wire import Envelope, Event, Told
from linli.money.channels.signing import BODY_LIMIT, SandboxKeys, Signer, seal

from .conftest import NOON, World, world_of

pytestmark = pytest.mark.rule("S7")
KEYS = SandboxKeys.from_seed(7)
CHANNEL = SandboxChannel(KEYS.for_merchant(), http=httpx2.AsyncClient(), base_url="http://pay.test", clock=lambda: NOON)
TOLD = Told(KEYS.merchant, "CNY", "C1", 2990, "P1", NOON)


def sealed(told: Told = TOLD, *, event: Event = "paid", merchant: str = KEYS.merchant) -> bytes:
    outer = Envelope("N1", merchant, event, "", "")
    nonce, inside = seal(KEYS.seal_key, msgspec.json.encode(told), outer.binding())
    return msgspec.json.encode(msgspec.structs.replace(outer, seal_nonce=nonce, sealed=inside))


def signed(body: bytes, *, by: Ed25519PrivateKey = KEYS.provider_key, at: datetime = NOON) -> dict[str, str]:
    return Signer(by).headers(body, at=at, nonce="n" * 32)


def refused(headers: Mapping[str, str], body: bytes, reason: Forgery, now: datetime = NOON) -> None:
    with pytest.raises(ForgedNotice) as forged:
        CHANNEL.verify_notice(headers, body, now)
    assert (forged.value.reason, forged.value.status) == (reason, 401)
    assert forged.value.facts == {"reason": reason.value}


def test_a_true_notice_is_believed_and_a_replay_carries_the_same_id() -> None:
    body = sealed()
    headers = signed(body)
    notice = CHANNEL.verify_notice(headers, body, NOON)
    assert notice == Notice(NoticeKind.PAID, "N1", "C1", None, 2990, "CNY", KEYS.merchant, "P1", NOON)
    again = {name.title(): value for name, value in headers.items()}
    assert CHANNEL.verify_notice(again, body, NOON + timedelta(minutes=4)) == notice


def test_the_signature_covers_timestamp_nonce_and_raw_body_as_the_protocol_says() -> None:
    body = sealed()
    raw = f"{int(NOON.timestamp())}\nabcdefgh\n".encode() + body + b"\n"
    headers = signed(body) | {
        "sandbox-nonce": "abcdefgh",
        "sandbox-signature": base64.b64encode(KEYS.provider_key.sign(raw)).decode(),
    }
    assert CHANNEL.verify_notice(headers, body, NOON).notice_id == "N1"


def test_the_seal_is_plain_aes_gcm_bound_to_the_outer_words() -> None:
    envelope = json.loads(sealed())
    nonce, inside = (base64.b64decode(envelope[name]) for name in ("seal_nonce", "sealed"))
    binding = f"N1\n{KEYS.merchant}\npaid".encode()
    assert json.loads(AESGCM(KEYS.seal_key).decrypt(nonce, inside, binding))["amount_fen"] == 2990
    assert b"2990" not in sealed()


def test_another_key_under_the_providers_serial_is_refused() -> None:
    body, thief = sealed(), Ed25519PrivateKey.generate()
    headers = signed(body, by=thief) | {"sandbox-serial": signed(body)["sandbox-serial"]}
    refused(headers, body, Forgery.SIGNATURE)


def test_an_unknown_serial_is_refused() -> None:
    body = sealed()
    refused(signed(body, by=Ed25519PrivateKey.generate()), body, Forgery.SERIAL)
    refused(signed(body, by=KEYS.merchant_key), body, Forgery.SERIAL)


@pytest.mark.parametrize("minutes", [-5.1, 5.1, 3 * 24 * 60])
def test_a_message_from_another_time_is_refused(minutes: float) -> None:
    body = sealed()
    refused(signed(body), body, Forgery.STALE, NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-299, 0, 300])
def test_a_message_within_five_minutes_is_believed(seconds: int) -> None:
    body = sealed()
    assert CHANNEL.verify_notice(signed(body), body, NOON + timedelta(seconds=seconds)).notice_id == "N1"


def test_a_notice_for_another_merchant_is_refused_outside_and_inside() -> None:
    body = sealed(merchant="neighbour")
    refused(signed(body), body, Forgery.MERCHANT)
    body = sealed(msgspec.structs.replace(TOLD, merchant="neighbour"))
    refused(signed(body), body, Forgery.MERCHANT)


def test_a_notice_in_another_currency_is_refused() -> None:
    body = sealed(msgspec.structs.replace(TOLD, currency="USD"))
    refused(signed(body), body, Forgery.CURRENCY)


@pytest.mark.parametrize("fen", [0, -2990, 10**13 + 1])
def test_an_impossible_amount_is_refused(fen: int) -> None:
    body = sealed(msgspec.structs.replace(TOLD, amount_fen=fen))
    refused(signed(body), body, Forgery.MALFORMED)


def test_a_sealed_word_cannot_be_put_under_another_heading() -> None:
    refund = msgspec.structs.replace(TOLD, refund_no="R1")
    for told, event in ((TOLD, "refunded"), (refund, "paid")):
        body = sealed(told, event=event)  # type: ignore[arg-type]
        refused(signed(body), body, Forgery.MALFORMED)
    swapped = sealed(refund, event="refunded").replace(b'"refunded"', b'"refund_failed"')
    refused(signed(swapped), swapped, Forgery.MALFORMED)


def test_reordered_and_truncated_bodies_are_refused() -> None:
    body = sealed()
    turned = json.dumps(dict(reversed(json.loads(body).items()))).encode()
    refused(signed(body), turned, Forgery.SIGNATURE)
    for length in range(len(body)):
        refused(signed(body), body[:length], Forgery.SIGNATURE)
        refused(signed(body[:length]), body[:length], Forgery.MALFORMED)


def test_a_huge_body_is_refused_even_when_signed() -> None:
    body = sealed() + b" " * BODY_LIMIT
    refused(signed(body), body, Forgery.MALFORMED)
    refused(signed(b"[" * BODY_LIMIT), b"[" * BODY_LIMIT, Forgery.MALFORMED)


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
@pytest.mark.parametrize("value", [None, "", " ", "０", "-1", "1e9", "a\nb", "\ud800", "=" * 88, "9" * 400])
def test_missing_or_broken_headers_are_refused(name: str, value: str | None) -> None:
    body = sealed()
    headers = {key: old for key, old in signed(body).items() if key != f"sandbox-{name}"}
    if value is not None:
        headers[f"sandbox-{name}"] = value
    refused(headers, body, Forgery.SERIAL if name == "serial" else Forgery.MALFORMED)


BODY = sealed()
HEADERS = signed(BODY)
SPOTS = [("body", n) for n in range(len(BODY))] + [(name, n) for name in HEADERS for n in range(len(HEADERS[name]))]


@settings(max_examples=600)
@given(st.sampled_from(SPOTS), st.integers(1, 255))
def test_any_single_changed_byte_is_refused(spot: tuple[str, int], flip: int) -> None:
    where, place = spot
    body, headers = bytearray(BODY), dict(HEADERS)
    if where == "body":
        body[place] ^= flip
    else:
        raw = bytearray(headers[where].encode("latin-1"))
        raw[place] ^= flip
        headers[where] = raw.decode("latin-1")
    with pytest.raises(ForgedNotice):
        CHANNEL.verify_notice(headers, bytes(body), NOON)


def test_every_single_flipped_bit_is_refused() -> None:
    for where, place in SPOTS:
        for bit in range(8):
            body, headers = bytearray(BODY), dict(HEADERS)
            if where == "body":
                body[place] ^= 1 << bit
            else:
                letters = list(headers[where])
                letters[place] = chr(ord(letters[place]) ^ (1 << bit))
                headers[where] = "".join(letters)
            with pytest.raises(ForgedNotice):
                CHANNEL.verify_notice(headers, bytes(body), NOON)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=90), max_size=6), st.binary(max_size=300))
def test_noise_is_refused_and_never_crashes(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(ForgedNotice):
        CHANNEL.verify_notice(headers, body, NOON)


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_signed_noise_is_refused_and_never_crashes(body: bytes) -> None:
    refused(signed(body), body, Forgery.MALFORMED)


Change = Callable[[httpx2.Response], httpx2.Response]


def between(provider: SandboxProvider, change: Change) -> httpx2.AsyncClient:
    """A line to the provider on which someone may change its answers."""
    road = httpx2.ASGITransport(provider)

    async def handle(request: httpx2.Request) -> httpx2.Response:
        answer = await road.handle_async_request(request)
        await answer.aread()
        return change(answer)

    return httpx2.AsyncClient(transport=httpx2.MockTransport(handle))


def changed(
    answer: httpx2.Response, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    kept = {name: value for name, value in answer.headers.items() if name.startswith("sandbox")}
    body = answer.content if content is None else content
    return httpx2.Response(answer.status_code, headers=kept | dict(headers or {}), content=body)


async def asked_through(world: World, change: Change) -> None:
    async with between(world.provider, change) as http:
        channel = SandboxChannel(KEYS.for_merchant(), http=http, base_url=world.base_url, clock=world.clock.now)
        await channel.query_charge("C1")


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: changed(answer, content=answer.content.replace(b"unpaid", b"paid")),
        lambda answer: changed(answer, content=answer.content[:-1]),
        lambda answer: changed(answer, headers={"sandbox-serial": "0" * 32}),
        lambda answer: changed(answer, headers={"sandbox-nonce": "0" * 32}),
        lambda answer: changed(answer, headers={"sandbox-timestamp": "1"}),
        lambda answer: httpx2.Response(200, content=answer.content),
        lambda answer: httpx2.Response(404, content=b'{"code":"charge_unknown"}'),
        lambda answer: httpx2.Response(302, headers={"location": "http://elsewhere.test"}),
        lambda answer: httpx2.Response(200, content=b"x" * 2 * BODY_LIMIT),
    ],
)
async def test_an_answer_changed_on_the_way_leaves_the_outcome_open(change: Change) -> None:
    async with world_of() as world:
        await world.channel.open_charge(world.charge())
        with pytest.raises(ChannelTrouble):
            await asked_through(world, change)
        await asked_through(world, changed)  # the same road with honest people on it


async def test_an_old_answer_does_not_fit_a_new_question() -> None:
    async with world_of() as world:
        await world.channel.open_charge(world.charge())
        kept: list[httpx2.Response] = []

        def first_answer_again(answer: httpx2.Response) -> httpx2.Response:
            kept.append(answer)
            return changed(kept[0])

        async with between(world.provider, first_answer_again) as http:
            channel = SandboxChannel(KEYS.for_merchant(), http=http, base_url=world.base_url, clock=lambda: NOON)
            await channel.query_charge("C1")
            with pytest.raises(ChannelTrouble):
                await channel.query_charge("C1")


async def test_the_provider_refuses_what_the_merchant_did_not_sign() -> None:
    async with world_of() as world:
        path, body = "/sandbox/v1/charges/C1/closure", b""
        await world.channel.open_charge(world.charge())
        mine = Signer(KEYS.merchant_key).headers(body, at=NOON, first=("POST", path, KEYS.merchant))
        mine["sandbox-merchant"] = KEYS.merchant
        url = world.base_url + path
        tries = [
            ({}, body, 401, "not_genuine_malformed"),
            (mine | {"sandbox-merchant": "neighbour"}, body, 401, "not_genuine_signature"),
            (mine, b"{}", 401, "not_genuine_signature"),
            (mine, b"x" * (BODY_LIMIT + 1), 413, "body_too_large"),
        ]
        for headers, content, status, code in tries:
            answer = await world.http.post(url, headers=headers, content=content)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        neighbour = Signer(KEYS.merchant_key).headers(body, at=NOON, first=("POST", path, "neighbour"))
        answer = await world.http.post(url, headers=neighbour | {"sandbox-merchant": "neighbour"}, content=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "merchant_unknown")
        other = await world.http.post(url.replace("C1", "C2"), headers=mine)
        assert other.json()["code"] == "not_genuine_signature"
        assert (await world.channel.query_charge("C1")).state == "unpaid"
        assert (await world.http.post(url, headers=mine)).status_code == 200
        assert (await world.channel.query_charge("C1")).state == "closed"


def test_times_of_other_zones_name_the_same_instant() -> None:
    body = sealed(msgspec.structs.replace(TOLD, happened_at=datetime.fromisoformat("2026-11-20T12:00:00+08:00")))
    happened = CHANNEL.verify_notice(signed(body), body, NOON).happened_at
    assert happened == NOON
    assert happened.astimezone(UTC).hour == 4
