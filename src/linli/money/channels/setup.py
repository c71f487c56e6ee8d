"""Which real channels an owner has configured, from LINLI_WECHAT_… and LINLI_ALIPAY_…; keys lie in files.

The providers' libraries are loaded only where a channel is configured: they take a third of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from linli.money.channels.interface import Channel
from linli.money.channels.offline import OfflineChannel
from linli.money.channels.rsa import private_key_of

if TYPE_CHECKING:
    from linli.money.channels.alipay import AlipayMerchant
    from linli.money.channels.examination import Look
    from linli.money.channels.wechat import Merchant, MiniProgram

WECHAT_GATEWAY = "https://api.mch.weixin.qq.com"
MINI_GATEWAY = "https://api.weixin.qq.com"
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"


class WeChatSetup(BaseSettings):
    """WeChat Pay and the mini program; it is off while there is no merchant number."""

    model_config = SettingsConfigDict(env_prefix="LINLI_WECHAT_", extra="ignore")

    merchant: str = ""
    app_id: str = ""
    official_app_id: str = ""
    key_serial: str = ""
    private_key_file: Path = Path()
    api_key: SecretStr = SecretStr("")
    public_key_id: str = ""
    public_key_file: Path = Path()
    app_secret: SecretStr = SecretStr("")
    transfer_scene: str = "1005"
    gateway: str = WECHAT_GATEWAY
    mini_gateway: str = MINI_GATEWAY

    def who(self) -> Merchant:
        """Read the keys; OSError or ValueError when they cannot be."""
        from linli.money.channels.wechat import Merchant

        private_key = self.private_key_file.read_text("ascii")
        private_key_of(private_key)
        return Merchant(
            merchant=self.merchant, app_id=self.app_id, key_serial=self.key_serial,
            private_key=private_key, api_key=self.api_key.get_secret_value(),
            public_key_id=self.public_key_id,
            public_key=self.public_key_file.read_text("ascii") if self.public_key_id else "",
            official_app_id=self.official_app_id, transfer_scene=self.transfer_scene, gateway=self.gateway,
        )  # fmt: skip

    def mini(self) -> MiniProgram | None:
        """The mini program's API, when its secret is there."""
        import httpx2

        from linli.money.channels.wechat import MiniProgram

        secret, timeout = self.app_secret.get_secret_value(), httpx2.Timeout(8.0, connect=3.0)
        if not secret:
            return None
        return MiniProgram(self.app_id, secret, http=httpx2.AsyncClient(timeout=timeout), base_url=self.mini_gateway)


class AlipaySetup(BaseSettings):
    """Alipay; it is off while there is no app id."""

    model_config = SettingsConfigDict(env_prefix="LINLI_ALIPAY_", extra="ignore")

    app_id: str = ""
    seller: str = ""
    private_key_file: Path = Path()
    public_key_file: Path = Path()
    gateway: str = ALIPAY_GATEWAY

    def who(self) -> AlipayMerchant:
        """Read the keys; OSError or ValueError when they cannot be."""
        from linli.money.channels.alipay import AlipayMerchant

        private, public = (path.read_text("ascii") for path in (self.private_key_file, self.public_key_file))
        private_key_of(private)
        return AlipayMerchant(self.app_id, private, public, self.seller, self.gateway)


class ChannelSetup:
    """The channels of this installation, as its owner has configured them."""

    def __init__(self) -> None:
        self.wechat, self.alipay = WeChatSetup(), AlipaySetup()

    def channels(self, clock: Callable[[], datetime]) -> dict[str, Any]:
        """Return the channels by name: `offline` always, the others as they are configured.

        OSError or ValueError when a configured key cannot be read: `linli doctor` says which.
        """
        configured = {"wechat": self.wechat.merchant, "alipay": self.alipay.app_id}
        named = {name: self.channel(name, clock) for name, on in configured.items() if on}
        return {"offline": OfflineChannel(), **named}

    def channel(self, name: str, clock: Callable[[], datetime]) -> Channel:
        """Return one configured channel; OSError or ValueError when its keys cannot be read."""
        if name == "wechat":
            from linli.money.channels.wechat import WeChatChannel

            return WeChatChannel(self.wechat.who(), clock=clock, mini=self.wechat.mini())
        from linli.money.channels.alipay import AlipayChannel

        return AlipayChannel(self.alipay.who(), clock=clock)

    async def examine(self, clock: Callable[[], datetime], public_url: str) -> list[Look]:
        """Look at keys, addresses and clocks of what is configured; asks the providers, changes nothing there."""
        from linli.money.channels.examination import examine

        return await examine(self, clock, public_url)
