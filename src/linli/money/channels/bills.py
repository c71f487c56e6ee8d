"""Daily bills of providers as lines of ours: packed, back-ticked, tabbed, in GBK, with totals that are not lines.

Read as a stream: one line is in memory at a time. Columns are found by their headings, since their order may change.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from linli.money.channels.interface import BillBroken, BillLine, LineKind
from linli.money.channels.rsa import SHANGHAI, fen_of

LARGEST_LINE = 20_000
LARGEST_TEXT = 4 * 1024**3
WECHAT_TOTALS, WECHAT_FIRST = "总交易单数", "交易时间"
ALIPAY_FIRST = "支付宝交易号"
Row = Mapping[str, str]


def read_bill(channel: str, packed: bytes) -> Iterator[BillLine]:
    """Yield the lines of a packed bill of a channel; refuses BillBroken for what is no bill or ends early."""
    if not packed:
        return
    try:
        yield from READERS[channel](packed)
    except (OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError, csv.Error, KeyError, ValueError) as broken:
        raise BillBroken(f"the bill of {channel} cannot be read: {type(broken).__name__}") from broken


def _wechat(packed: bytes) -> Iterator[BillLine]:
    raw = io.BytesIO(packed)
    opened: Any = gzip.GzipFile(fileobj=raw) if packed[:2] == b"\x1f\x8b" else raw
    with opened, io.TextIOWrapper(opened, "utf-8-sig", newline="") as text:
        heading: list[str] = []
        ended = False
        for cells in csv.reader(_limited(text)):
            if not cells or not cells[0]:
                continue
            if cells[0] == WECHAT_FIRST:
                heading = cells
            elif cells[0] == WECHAT_TOTALS:
                ended = True
                break
            else:
                plain = [cell.removeprefix("`").strip() for cell in cells]
                yield _wechat_line(dict(zip(heading, plain, strict=True)))
    if not ended:
        raise ValueError("no totals: the file was cut short")


def _wechat_line(row: Row) -> BillLine:
    at = _moment(row["交易时间"])
    if row["交易状态"] in ("REFUND", "REVOKED"):
        amount = fen_of(row.get("申请退款金额") or row["退款金额"])
        return BillLine(
            LineKind.REFUND, row["商户退款单号"], row["微信退款单号"], amount, _fee(row["手续费"]), row["退款状态"], at,
            row["商户订单号"],
        )  # fmt: skip
    amount = fen_of(row.get("订单金额") or row["应结订单金额"])
    return BillLine(
        LineKind.PAYMENT, row["商户订单号"], row["微信订单号"], amount, _fee(row["手续费"]), row["交易状态"], at,
        row["商户订单号"],
    )  # fmt: skip


def _alipay(packed: bytes) -> Iterator[BillLine]:
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        details = [info for info in files.infolist() if "汇总" not in _name(info) and _name(info).endswith(".csv")]
        if not details:
            raise ValueError("no details in the file")
        for info in details:
            if info.file_size > LARGEST_TEXT:
                raise ValueError("too large")
            with files.open(info) as opened, io.TextIOWrapper(opened, "gb18030", newline="") as text:
                yield from _alipay_lines(text)


def _alipay_lines(text: IO[str]) -> Iterator[BillLine]:
    heading: list[str] = []
    ended = False
    for cells in csv.reader(_limited(text)):
        plain = [cell.strip() for cell in cells]
        if not plain or not plain[0]:
            continue
        if plain[0].startswith("#"):
            ended = ended or "明细列表结束" in plain[0]
        elif plain[0] == ALIPAY_FIRST:
            heading = plain
        else:
            yield _alipay_line(dict(zip(heading, plain, strict=True)))
    if not ended:
        raise ValueError("no end mark: the file was cut short")


def _alipay_line(row: Row) -> BillLine:
    at = _moment(row["完成时间"] or row["创建时间"])
    fee = -fen_of(row["服务费（元）"])
    if row["业务类型"] == "退款":
        amount, number = abs(fen_of(row["订单金额（元）"])), row["退款批次号/请求号"]
        return BillLine(LineKind.REFUND, number, row["支付宝交易号"], amount, fee, "SUCCESS", at, row["商户订单号"])
    amount, number = fen_of(row["订单金额（元）"]), row["商户订单号"]
    return BillLine(LineKind.PAYMENT, number, row["支付宝交易号"], amount, fee, "SUCCESS", at, number)


def _name(info: zipfile.ZipInfo) -> str:
    """Return a file's name, which Alipay writes in GBK without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _limited(text: IO[str]) -> Iterator[str]:
    for line in text:
        if len(line) > LARGEST_LINE:
            raise ValueError("a line without end")
        yield line


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).astimezone(UTC)


def _fee(yuan: str) -> int:
    """Read a fee that is written with five decimals, of which the last three say nothing."""
    whole, _, part = yuan.partition(".")
    if part[2:].strip("0"):
        raise ValueError("a fee below one fen")
    return fen_of(f"{whole}.{part[:2]}" if part else whole)


READERS: dict[str, Callable[[bytes], Iterator[BillLine]]] = {"wechat": _wechat, "alipay": _alipay}
