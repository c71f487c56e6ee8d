"""The check-up of configured channels: keys here, then whether the provider knows us and its clock is ours."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import httpx2

from linli.money.channels.interface import Channel, ChannelRefused, ChannelTrouble
from linli.money.channels.rsa import WINDOW, private_key_of, public_key_of

if TYPE_CHECKING:
    from linli.money.channels.setup import AlipaySetup, ChannelSetup, WeChatSetup

NOBODYS = "1000000000"
SKEW_WARN = timedelta(seconds=30)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at, what was seen, and how to mend it."""

    name: str
    state: Literal["ok", "warn", "fail"]
    what: str
    mend: str = ""


async def examine(setup: ChannelSetup, clock: Callable[[], datetime], public_url: str) -> list[Look]:
    """Look at every configured channel; none configured gives nothing to look at."""
    seen: list[Look] = []
    for name, on, found, gateway in (
        ("wechat", setup.wechat.merchant, _wechat_keys(setup.wechat), setup.wechat.gateway),
        ("alipay", setup.alipay.app_id, _alipay_keys(setup.alipay), setup.alipay.gateway),
    ):
        if not on:
            continue
        looks = list(found)
        seen += looks or [Look(f"{name}_keys", "ok", "keys and numbers are whole")]
        seen.append(_notices(name, public_url))
        if not any(look.state == "fail" for look in looks):
            seen.append(await _clock(name, gateway, clock))
            seen.append(await _known(name, setup.channel(name, clock)))
    return seen


def _wechat_keys(setup: WeChatSetup) -> Iterator[Look]:
    name = "wechat_keys"
    if not setup.app_id.startswith("wx"):
        yield Look(name, "fail", "LINLI_WECHAT_APP_ID is no app id", "take it from the mini program's settings page")
    if not setup.key_serial or not all(letter in "0123456789abcdefABCDEF" for letter in setup.key_serial):
        mend = "copy the serial of the merchant certificate from the merchant platform (API security)"
        yield Look(name, "fail", "LINLI_WECHAT_KEY_SERIAL is no certificate serial", mend)
    if len(setup.api_key.get_secret_value().encode()) != 32:
        mend = "set the APIv3 key of 32 characters as it was set on the merchant platform"
        yield Look(name, "fail", "LINLI_WECHAT_API_KEY has not 32 characters", mend)
    yield from _key(name, "LINLI_WECHAT_PRIVATE_KEY_FILE", setup.private_key_file, private_key_of, secret=True)
    if setup.public_key_id:
        yield from _key(name, "LINLI_WECHAT_PUBLIC_KEY_FILE", setup.public_key_file, public_key_of)
    if not setup.app_secret.get_secret_value():
        mend = "set LINLI_WECHAT_APP_SECRET; without it hand-overs are not told and the shop's money stays frozen"
        yield Look(name, "warn", "the mini program's secret is missing", mend)


def _alipay_keys(setup: AlipaySetup) -> Iterator[Look]:
    name = "alipay_keys"
    yield from _key(name, "LINLI_ALIPAY_PRIVATE_KEY_FILE", setup.private_key_file, private_key_of, secret=True)
    yield from _key(name, "LINLI_ALIPAY_PUBLIC_KEY_FILE", setup.public_key_file, public_key_of)
    if not setup.seller:
        mend = "set LINLI_ALIPAY_SELLER to the 2088 number, so that messages to another seller are refused"
        yield Look(name, "warn", "the seller's number is missing", mend)


def _key(
    name: str, variable: str, path: Path, read: Callable[[str], object], *, secret: bool = False
) -> Iterator[Look]:
    try:
        read(path.read_text("ascii"))
    except (OSError, ValueError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no RSA key in PEM form"
        yield Look(name, "fail", f"{variable} ({path}) cannot be used: {why}", "put the key's file there, readable")
        return
    if secret and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Look(name, "warn", f"others on this machine can read {path}", f"chmod 600 {path}")


def _notices(name: str, public_url: str) -> Look:
    parts = urlsplit(public_url)
    if parts.scheme != "https" or parts.hostname in LOOPBACK:
        mend = "set LINLI_PUBLIC_URL to the https address under which the provider reaches this installation"
        return Look(f"{name}_notices", "warn", f"notices are asked for at {public_url}", mend)
    return Look(f"{name}_notices", "ok", f"notices come to {public_url}/hooks/payments/{name}")


async def _clock(name: str, gateway: str, clock: Callable[[], datetime]) -> Look:
    what = f"{name}_clock"
    try:
        async with httpx2.AsyncClient(timeout=5.0) as http:
            answer = await http.get(gateway)
        apart = abs(parsedate_to_datetime(answer.headers["date"]) - clock())
    except (httpx2.HTTPError, KeyError, ValueError) as trouble:
        mend = f"let this machine reach {urlsplit(gateway).hostname} over HTTPS"
        return Look(what, "fail", f"{gateway} does not answer: {type(trouble).__name__}", mend)
    words = f"this machine and the provider are {apart.total_seconds():.0f} s apart"
    mend = "let this machine follow a time server (chrony or systemd-timesyncd)"
    if apart >= WINDOW:
        return Look(what, "fail", words + ": nothing is believed any more", mend)
    return Look(what, "warn", words, mend) if apart >= SKEW_WARN else Look(what, "ok", words)


async def _known(name: str, channel: Channel) -> Look:
    """Ask about a charge that nobody made: a provider that knows us says so, any other does not believe our key."""
    what = f"{name}_known"
    try:
        await channel.query_charge(NOBODYS)
    except ChannelRefused as no:
        if no.provider_code != "charge_unknown":
            return Look(what, "fail", f"the provider refuses us: {no.provider_code}", "read docs/channels.md")
    except ChannelTrouble as trouble:
        mend = "compare merchant number, app id, serial and keys with the provider's pages; see docs/channels.md"
        return Look(what, "fail", f"the provider does not take our signature, or is not there: {trouble}", mend)
    return Look(what, "ok", "the provider knows us, and its answer was signed")
