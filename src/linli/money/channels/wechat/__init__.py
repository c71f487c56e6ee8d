"""WeChat Pay v3: its API, its notices, and the mini program's duty to tell of hand-overs."""

from linli.money.channels.wechat.adapter import WeChatChannel
from linli.money.channels.wechat.mini import MiniProgram
from linli.money.channels.wechat.wire import Merchant

__all__ = ["Merchant", "MiniProgram", "WeChatChannel"]
