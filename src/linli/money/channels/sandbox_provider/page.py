"""The page a person sees when paying by hand: one amount, one button, in Chinese."""

from html import escape

from linli.money.channels.sandbox_provider.store import KeptCharge

SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
SAID = {
    "paid": ("已支付", "可以回到小程序查看订单了。"),
    "closed": ("这笔订单不能再支付了", "它已关闭或已过支付时间，没有扣款。"),
    "unknown": ("没有找到这笔订单", "请回到小程序重新发起支付。"),
}
FRAME = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f5f6f4; color: #22302a;
  font: 16px/1.6 -apple-system, "PingFang SC", "Noto Sans SC", "Microsoft YaHei", sans-serif; }}
main {{ width: min(22rem, calc(100vw - 3rem)); padding: 2rem 1.5rem; background: #fff; border-radius: 16px;
  text-align: center; box-sizing: border-box; overflow-wrap: anywhere; }}
h1 {{ margin: 0 0 .5rem; font-size: 1.125rem; font-weight: 500; }}
.fen {{ margin: 1rem 0 1.5rem; font-size: 2.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }}
button {{ width: 100%; min-height: 48px; border: 0; border-radius: 24px; background: #1f6b4a; color: #fff;
  font: inherit; }}
button:focus-visible {{ outline: 3px solid #9fd0b8; outline-offset: 2px; }}
small {{ display: block; margin-top: 1.25rem; color: #66736c; }}
</style></head><body><main>{inside}</main></body></html>
"""


def to_pay(charge: KeptCharge) -> str:
    """The page with the button."""
    amount = f"{charge.amount_fen // 100}.{charge.amount_fen % 100:02d}"
    return FRAME.format(
        title="确认支付",
        inside=f'<h1>{escape(charge.description)}</h1><p class="fen">¥{amount}</p>'
        '<form method="post"><button type="submit">确认支付</button></form>'
        "<small>演示支付通道，不会真的扣款</small>",
    )


def said(state: str) -> str:
    """The page when there is nothing (more) to pay."""
    title, words = SAID[state]
    return FRAME.format(title=title, inside=f"<h1>{title}</h1><small>{words}</small>")
