"""Daily bills as providers write them: back-ticks before every field, tabs after it, totals, GBK inside ZIP."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Mapping
from typing import Any

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
WECHAT = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHAT_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
ALIPAY = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def fee_of(fen: int, rate_bp: int) -> int:
    """The provider's fee, half up."""
    return (fen * rate_bp + 5_000) // 10_000


def yuan(fen: int) -> str:
    """Fen as yuan, signed."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def wechat_line(
    at: dt.datetime,
    number: str,
    ours: str,
    fen: int,
    fee: int,
    rate_bp: int,
    *,
    refund: Mapping[str, Any] | None = None,
) -> str:
    """One line of WeChat's bill: a payment, or a refund when one is given."""
    given = fen if refund else 0
    cells = [
        at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"), "wx8888888888888888", "1900000109", "0", "", number,
        ours, "o-payer", "JSAPI", "REFUND" if refund else "SUCCESS", "OTHERS", "CNY",
        yuan(0 if refund else fen), "0.00",
        str(refund["refund_id"]) if refund else "0", str(refund["out_refund_no"]) if refund else "0", yuan(given),
        "0.00", "ORIGINAL" if refund else "", str(refund["status"]) if refund else "", "邻里订单,1笔", "",
        f"{'-' if fee < 0 else ''}{abs(fee) / 100:.5f}", f"{rate_bp / 100:.2f}%", yuan(0 if refund else fen),
        yuan(given), "",
    ]  # fmt: skip
    return ",".join("`" + cell.replace(",", "，") for cell in cells)


def wechat_file(lines: list[str]) -> bytes:
    """WeChat's packed file: byte order mark, heading, lines, heading of totals, totals."""
    totals = ",".join("`" + cell for cell in (str(len(lines)), "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"))
    text = "\r\n".join(["\ufeff" + WECHAT, *lines, WECHAT_TOTALS, totals, ""])
    return gzip.compress(text.encode(), mtime=0)


def wechat_bill(trades: Mapping[str, Any], day: str, rate_bp: int, merchant: str, app: str) -> bytes:
    """The bill of what a fake WeChat traded on a day; empty when nothing was."""
    lines = []
    for ours, trade in trades.items():
        if trade.paid_at and _day(trade.paid_at) == day:
            fee = fee_of(trade.paid_fen, rate_bp)
            lines.append(wechat_line(trade.paid_at, trade.number, ours, trade.paid_fen, fee, rate_bp))
        for refund in trade.refunds:
            if _day(refund["made_at"]) == day:
                fen = refund["amount"]["refund"]
                fee = -fee_of(fen, rate_bp)
                at = refund["made_at"]
                lines.append(wechat_line(at, trade.number, ours, fen, fee, rate_bp, refund=refund))
    return wechat_file(lines) if lines else b""


def alipay_line(
    at: dt.datetime, number: str, ours: str, fen: int, fee: int, *, request: str = "", kind: str = "交易"
) -> str:
    """One line of Alipay's bill; refunds are negative and give the fee back."""
    stamp = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    sign = -1 if kind == "退款" else 1
    cells = [
        number, ours, kind, "邻里订单", stamp, stamp, "", "", "", "", "*王(138****0000)", yuan(sign * fen),
        yuan(sign * fen), "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00", request, yuan(-sign * fee),
        "0.00", "",
    ]  # fmt: skip
    return ",".join(f"{cell}\t" for cell in cells)


def alipay_file(lines: list[str], day: str) -> bytes:
    """Alipay's zip: the lines and a summary, both GBK, under GBK names."""
    rule = "#" + "-" * 40
    text = "\r\n".join(
        [
            "#支付宝业务明细查询", "#账号：[20881234567801560156]",
            f"#起始日期：[{day} 00:00:00]   终止日期：[{day} 24:00:00]", f"{rule}业务明细列表{'-' * 40}", ALIPAY,
            *lines,
            f"{rule}业务明细列表结束{'-' * 40}", f"#交易合计：{len(lines)}笔，商家实收共0.00元，商家优惠共0.00元",
            "#导出时间：[2026年11月24日 09:00:00]", "",
        ]
    )  # fmt: skip
    packed, names = io.BytesIO(), []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for at, (name, inside) in enumerate((("业务明细(汇总)", "#支付宝业务汇总查询\r\n"), ("业务明细", text))):
            raw = f"20881234567801560156_{day.replace('-', '')}_{name}.csv".encode("gbk")
            names.append((str(at).encode() * len(raw), raw))
            files.writestr(zipfile.ZipInfo(names[at][0].decode(), (2026, 11, 24, 9, 0, 0)), inside.encode("gbk"))
    whole = packed.getvalue()
    for placeholder, raw in names:  # the library would write names in UTF-8 and say so; Alipay does neither
        whole = whole.replace(placeholder, raw)
    return whole


def alipay_bill(trades: Mapping[str, Any], day: str, rate_bp: int) -> bytes:
    """The bill of what a fake Alipay traded on a day; empty when nothing was."""
    lines = []
    for ours, trade in trades.items():
        if trade.paid_at and _day(trade.paid_at) == day:
            fee = fee_of(trade.paid_fen, rate_bp)
            lines.append(alipay_line(trade.paid_at, trade.number, ours, trade.paid_fen, fee))
        for request, refund in trade.refunds.items():
            if _day(refund.at) == day:
                fee = fee_of(refund.fen, rate_bp)
                lines.append(alipay_line(refund.at, trade.number, ours, refund.fen, fee, request=request, kind="退款"))
    return alipay_file(lines, day) if lines else b""


def _day(at: dt.datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()
