"""The offline channel: cash or a bank transfer, where a person confirms both the coming and the going back."""

from collections.abc import Mapping
from datetime import datetime

from linli.money.channels.interface import (
    ChargeAnswer,
    ChargeOpened,
    ChargeRequest,
    ChargeState,
    ForgedNotice,
    Forgery,
    Notice,
    RefundAnswer,
    RefundRequest,
    RefundState,
)


class OfflineChannel:
    """Knows nothing by itself: no provider stands behind it, so it never reports money as come or gone."""

    name = "offline"
    heard = b'{"code":"SUCCESS"}'

    async def open_charge(self, wish: ChargeRequest) -> ChargeOpened:
        """Open at once; the channel number is what a person writes on the receipt, and there is no page to pay on."""
        return ChargeOpened(wish.channel_no, pay_token=wish.channel_no, pay_url="")

    async def query_charge(self, channel_no: str) -> ChargeAnswer:
        """Always unpaid and zero fen: that money came is said by a person, not by this channel."""
        return ChargeAnswer(channel_no, ChargeState.UNPAID, 0)

    async def close_charge(self, channel_no: str) -> None:
        """Nothing stands open outside, so nothing has to be closed."""

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Accepted until a person confirms having paid it back."""
        return RefundAnswer(wish.refund_no, RefundState.ACCEPTED, wish.amount_fen)

    async def query_refund(self, refund_no: str, channel_no: str = "") -> RefundAnswer:
        """Still accepted, with zero fen known to have moved: that it was paid back is said by a person."""
        return RefundAnswer(refund_no, RefundState.ACCEPTED, 0)

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """There are no notices of cash: whoever sends one is refused."""
        raise ForgedNotice(Forgery.UNEXPECTED)
