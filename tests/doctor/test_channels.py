"""What the doctor tells an owner about payment channels: nothing while there is none, then what keeps money out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linli.entry.checkup import Finding, _channels
from linli.platform.config import Config
from tests.fakes.alipay import APP as ALIPAY_APP
from tests.fakes.alipay import SELLER, FakeAlipay
from tests.fakes.serving import key_of, on_a_socket, private_pem, public_pem
from tests.fakes.wechat import API_KEY, APP, APP_SECRET, KEY_SERIAL, MERCHANT, PUBLIC_ID, FakeWeChat

CONFIG = Config(public_url="https://shop.example.cn")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """An owner who has done everything right with both providers."""
    keys = {
        "wechat_private": private_pem(key_of("wechat merchant")),
        "wechat_public": public_pem(key_of("wechat platform")),
        "alipay_private": private_pem(key_of("alipay merchant")),
        "alipay_public": public_pem(key_of("alipay platform")),
    }  # fmt: skip
    paths = {name: tmp_path / f"{name}.pem" for name in keys}
    for name, path in paths.items():
        path.touch(mode=0o600)
        path.write_text(keys[name])
    with on_a_socket(FakeWeChat(now).app) as wechat, on_a_socket(FakeAlipay(now).app) as alipay:
        for name, value in {
            "WECHAT_MERCHANT": MERCHANT, "WECHAT_APP_ID": APP, "WECHAT_KEY_SERIAL": KEY_SERIAL,
            "WECHAT_API_KEY": API_KEY,
            "WECHAT_PRIVATE_KEY_FILE": paths["wechat_private"], "WECHAT_PUBLIC_KEY_ID": PUBLIC_ID,
            "WECHAT_PUBLIC_KEY_FILE": paths["wechat_public"], "WECHAT_APP_SECRET": APP_SECRET, "WECHAT_GATEWAY": wechat,
            "ALIPAY_APP_ID": ALIPAY_APP, "ALIPAY_SELLER": SELLER, "ALIPAY_PRIVATE_KEY_FILE": paths["alipay_private"],
            "ALIPAY_PUBLIC_KEY_FILE": paths["alipay_public"], "ALIPAY_GATEWAY": f"{alipay}/gateway.do",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"LINLI_{name}", str(value))
        yield paths


def told(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.state for finding in findings}


def test_nothing_is_said_about_channels_that_nobody_configured() -> None:
    assert _channels(CONFIG, now) == []


def test_an_owner_who_did_everything_right_reads_that_all_is_well(owner: dict[str, Path]) -> None:
    found = told(_channels(CONFIG, now))
    assert set(found.values()) == {"ok"}, found
    assert set(found) == {
        f"{name}_{what}" for name in ("wechat", "alipay") for what in ("keys", "notices", "clock", "known")
    }


def test_a_missing_or_open_key_is_named(owner: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    owner["wechat_private"].write_text("nothing")
    owner["alipay_private"].chmod(0o644)
    monkeypatch.setenv("LINLI_WECHAT_API_KEY", "short")
    findings = _channels(CONFIG, now)
    wechat = [finding for finding in findings if finding.name == "wechat_keys"]
    assert [finding.state for finding in wechat] == ["fail", "fail"]
    assert "LINLI_WECHAT_PRIVATE_KEY_FILE" in wechat[1].what
    assert told(findings)["alipay_keys"] == "warn"
    assert "wechat_known" not in told(findings), "a provider is not asked with keys that cannot sign"


def test_a_key_that_the_provider_does_not_know_is_told(owner: dict[str, Path]) -> None:
    for name in ("wechat_private", "alipay_private"):
        owner[name].write_text(private_pem(key_of("somebody else")))
    found = told(_channels(CONFIG, now))
    assert (found["wechat_keys"], found["wechat_known"], found["alipay_known"]) == ("ok", "fail", "fail")


def test_a_clock_that_is_wrong_and_an_address_that_nobody_reaches_are_told(owner: dict[str, Path]) -> None:
    found = told(_channels(Config(public_url="http://127.0.0.1:8620"), lambda: now() + timedelta(minutes=6)))
    assert (found["wechat_clock"], found["alipay_clock"]) == ("fail", "fail")
    assert (found["wechat_notices"], found["alipay_notices"]) == ("warn", "warn")
    assert told(_channels(CONFIG, lambda: now() + timedelta(minutes=1)))["wechat_clock"] == "warn"
    assert told(_channels(CONFIG, now))["wechat_clock"] == "ok"


def test_a_provider_that_is_away_is_told(owner: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_WECHAT_GATEWAY", "http://127.0.0.1:9")
    found = told(_channels(CONFIG, now))
    assert (found["wechat_clock"], found["wechat_known"]) == ("fail", "fail")
