"""Cuts the text of one entry into marks: words, quantities, places, prices, phones, times and brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TypeGuard

from linli.ordering.chain.numbers import DIGITS, HALF, NUMERAL, quantity_of
from linli.ordering.chain.places import PLACE
from linli.ordering.chain.vocabulary import BRANDS, UNIT

# A bracket stays whole, a range is 3-4, a total is 共5份, paid is 已付20.
Kind = Enum("Kind", "WORD QUANTITY EACH TOTAL RANGE PLACE PRICE PAID PHONE TIME BRACKET")


@dataclass(slots=True)
class Mark:
    """One piece of an entry; `gap` says that something separates it from the piece before."""

    kind: Kind
    text: str
    gap: bool
    number: Decimal = Decimal(0)
    unit: str = ""
    sign: str = ""


_KEPT = "（），：；？［］｛｝＜＞＂＇"
_FOLD = {code: chr(code - 0xFEE0) for code in range(0xFF03, 0xFF5F) if chr(code) not in _KEPT}
_FOLD |= {ord(old): new for olds, new in (("\u3000\xa0\u2009", " "), ("×✕✖╳⨯", "*"), ("—–‐−﹣", "-")) for old in olds}
_FOLD |= {ord("￥"): "¥", ord("龍"): "龙"}
_UNSEEN = "\u200b-\u200f\u2060-\u2064\u202a-\u202e\ufe0e\ufe0f\u20e3\ufeff\u00ad\U000e0000-\U000e007f\u0300-\u036f"
_HIDDEN = re.compile(f"[{_UNSEEN}]")
EMOJI = "[\U0001f000-\U0001faff\u2600-\u2775\u2794-\u27bf\u2b00-\u2bff\u2190\u2191\u2193-\u21ff\u25a0-\u25ff]"
_PICTURE = re.compile(EMOJI + r"|\[(?!已|取消|退|划|付)[一-鿿A-Za-z]{1,4}\]")
_FOOD_PICTURE = re.compile("[\U0001f345-\U0001f37f\U0001f950-\U0001f96f\U0001fad0-\U0001fadf]\\s?[*xX+]?\\s?\\d")

_PHONE = (
    r"(?:电话|手机号?|联系方式|tel|尾号|后四位)\s?[:：]?\s?[\d*-]{3,13}|(?<!\d)1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)"
    r"|(?<!\d)1[3-9]\d\*{3,5}\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
)
_MONEY = r"(?:[¥$]\s?\d{1,6}(?:\.\d{1,2})?(?:元|块)?|\d{1,6}(?:\.\d{1,2})?\s?(?:元(?!宝)|块钱|块\d|rmb|RMB)\d?)"
_MONEY += rf"(?:钱)?(?:\s?/?\s?(?:\d|{NUMERAL})?{UNIT})?"
_PAID = rf"(?:已付款?|已转账?|付[款了]?|转账?|收)\s?[:：]?(?:{_MONEY}|\d{{1,5}}(?:\.\d{{1,2}})?)"
_PRICE = (
    rf"(?:一?共|合计|总[计共]|=)?\s?[:：]?{_MONEY}|=\s?\d{{1,6}}(?:\.\d{{1,2}})?|\d{{1,6}}(?:\.\d{{1,2}})?\s?/\s?{UNIT}"
)
_TIME = (
    rf"\d{{1,2}}[:：]\d{{2}}(?:[前后]|左右)?|(?:\d{{1,2}}|{NUMERAL})点(?!心)半?(?:钟|左右|以?[前后])?|\d{{1,2}}月\d{{1,2}}[日号]?"
    r"|\d{1,2}[日号](?=[送到取拿来前后发])|\d{1,2}\.\d{1,2}(?=[送到取拿来发号日])"
)
_PACKED = (
    rf"(?:\d{{1,5}}(?:\.\d{{1,2}})?|{NUMERAL})\s?(?:斤|公斤|千克|克|kg|KG|g|G|ml|ML|毫升|升|L|个|枚|只|支|瓶|袋|包|盒|罐|片|条|听|箱|桶)?装"
    rf"|\d{{1,5}}(?:\.\d{{1,2}})?\s?(?:斤|公斤|克|kg|KG|g|G|ml|ML|mL|毫升|升|L|个|枚|片)(?:[*xX]\d{{1,3}}{UNIT}?)?/{UNIT}"
    rf"|\d{{1,5}}(?:\.\d{{1,2}})?\s?(?:克|g|G|ml|ML|mL|毫升|L)[*xX]\d{{1,3}}(?:{UNIT}(?=\s?[*xX+]?\s?\d)|{UNIT}?(?=\s+(?:\d|{NUMERAL}{UNIT})))"
)
_SIGN = r"(?:(?:(?<![A-Za-z])[xX]|\*|\+)\s?)"
_COUNT = rf"(?P<sign>{_SIGN})?(?P<number>\d/\d(?!\d)|{DIGITS})[ \t]{{0,3}}(?P<unit>{UNIT})?(?P<half>半)?"
_COUNT_CN = rf"(?P<sign_cn>{_SIGN})?(?P<number_cn>{NUMERAL})(?P<unit_cn>{UNIT})(?P<half_cn>半)?"
_COUNT_CN += rf"|(?P<sign_only>{_SIGN})(?P<number_only>{NUMERAL})|(?P<pair>[俩仨])"
_EACH = (
    rf"(?:各|每样|每种|均)(?:自|来|要|拿|买|订|定)?\s?[*xX+]?\s?(?P<each>{DIGITS}|{NUMERAL})\s?(?P<each_unit>{UNIT})?"
)
_TOTAL = rf"(?:一?共计?|合计|总[计共])\s?[:：]?\s?(?P<total>{DIGITS}|{NUMERAL})\s?(?P<total_unit>{UNIT})?"
_RANGE = rf"(?!1/[234](?!\d))\d{{1,3}}\s?[-~/到至或]\s?\d{{1,3}}(?P<range_unit>{UNIT})?(?!\d)"
_STARTS = r"0-9A-Za-z一二两三四五六七八九十百半壹贰叁肆伍陆柒捌玖俩仨各每均共合总已付转收电手联尾后东西南北"
_STARTS += r"¥$=+*/_|(（)）\[\]【】\s,，;；、。.!！~:：?？“”‘’「」\"'\-"


_DAY = re.compile("(?:[今明后][天晚早日]|(?:周|星期)[一二三四五六日天末]|[早晚][上间]|上午|中午|下午|傍晚)+")


@lru_cache(maxsize=256)
def _pattern(literals: tuple[str, ...]) -> re.Pattern[str]:
    known = "|".join([re.escape(name) for name in literals] + [BRANDS])
    starts = _STARTS + "".join(
        sorted({re.escape(name[0]) for name in literals if not name[0].isalnum() or name[0] > "z"})
    )
    return re.compile(
        rf"(?P<PHONE>{_PHONE})|(?P<PAID>{_PAID})|(?P<PRICE>{_PRICE})|(?P<TIME>{_TIME})|(?P<KNOWN>{known})|(?P<PACKED>{_PACKED})"
        rf"|(?P<JOIN>[+\-/_|]\s?(?={PLACE}))|(?P<PLACE>(?<![\d.])(?:{PLACE}))"
        rf"|(?P<EACH>{_EACH})|(?P<TOTAL>{_TOTAL})|(?P<RANGE>(?<![\d.]){_RANGE})"
        rf"|(?P<COUNT>(?<![\d.])(?:{_COUNT}))|(?P<COUNT_CN>{_COUNT_CN})"
        r"|(?P<BRACKET>[(（【\[][^()（）【】\[\]\n]{1,80}[)）】\]])|(?P<GAP>[\s,，;；、/|。.!！+&~*=_()（）【】\[\]\-:：?？\"“”'‘’「」]+)"
        rf"|(?P<LATIN>[A-Za-z][A-Za-z']*)|(?P<RUN>[^{starts}]+)|(?P<ANY>.)",
        re.DOTALL,
    )


def fold(text: str) -> str:
    """Write full-width digits, letters and signs as ordinary ones; every character keeps its position."""
    return text.translate(_FOLD)


def strip_pictures(text: str) -> str:
    """Take emoji, chat faces such as [玫瑰] and characters nobody sees out of a text."""
    return _PICTURE.sub(" ", _HIDDEN.sub("", text))


def open_text(text: str, *, sold: bool) -> str:
    """Make a text ready for scanning; a picture of food before a number is no order unless one kind is `sold`."""
    return fold(strip_pictures(text if sold else _FOOD_PICTURE.sub(lambda match: "?" + match.group(), text)))


def scan(text: str, literals: tuple[str, ...] = ()) -> list[Mark]:
    """Cut a folded text into marks; `literals` are goods names that hold digits or spaces and must stay whole."""
    marks: list[Mark] = []
    gap = True
    for match in _pattern(literals).finditer(text):
        name = match.lastgroup
        if name == "GAP" or name == "JOIN":
            gap = True
            continue
        mark = _mark(match, name or "ANY")
        mark.gap = gap or mark.sign == "+"
        if not gap and marks and _goes_on(marks[-1], mark):
            last = marks[-1]
            last.text += mark.text
            last.kind = Kind.TIME if Kind.TIME in (last.kind, mark.kind) else Kind.WORD
        else:
            marks.append(mark)
        gap = False
    return marks


def is_count(mark: Mark | None) -> TypeGuard[Mark]:
    """Say whether a mark is a quantity, alone or of each of several goods."""
    return mark is not None and mark.kind in (Kind.QUANTITY, Kind.EACH)


def is_word(mark: Mark | None) -> TypeGuard[Mark]:
    """Say whether a mark is a word."""
    return mark is not None and mark.kind is Kind.WORD


def holds_count(text: str) -> bool:
    """Say whether a text holds a quantity."""
    return any(map(is_count, scan(fold(strip_pictures(text)))))


def _goes_on(last: Mark, mark: Mark) -> bool:
    """Say whether two marks without a gap are one: words, or a time with the words around it (明早8点取)."""
    if mark.kind is Kind.WORD:
        return last.kind is Kind.WORD or (last.kind is Kind.TIME and mark.text[0] in "来拿取到送要前后左自提就再")
    return mark.kind is Kind.TIME and last.kind is Kind.WORD and _DAY.fullmatch(last.text) is not None


_PLAIN_KINDS = {k.name: k for k in (Kind.PHONE, Kind.PAID, Kind.PRICE, Kind.TIME, Kind.PLACE, Kind.BRACKET, Kind.RANGE)}


def _mark(match: re.Match[str], name: str) -> Mark:
    if name == "COUNT":
        number, half = match["number"], match["half"]
        return _quantity(match.group(), number, match["unit"], match["sign"], bool(half))
    if name == "COUNT_CN":
        number = match["number_cn"] or match["number_only"] or match["pair"]
        return _quantity(
            match.group(), number, match["unit_cn"], match["sign_cn"] or match["sign_only"], bool(match["half_cn"])
        )
    if name == "EACH":
        return Mark(Kind.EACH, match.group(), False, quantity_of(match["each"]), match["each_unit"] or "")
    if name == "TOTAL":
        return Mark(Kind.TOTAL, match.group(), False, quantity_of(match["total"]), match["total_unit"] or "")
    kind = _PLAIN_KINDS.get(name, Kind.WORD)
    return Mark(kind, match.group() if kind is Kind.WORD else match.group().strip(), False)


def _quantity(text: str, number: str, unit: str | None, sign: str | None, half: bool) -> Mark:
    quantity = Decimal(0) if number.endswith("/0") else quantity_of(number)
    return Mark(Kind.QUANTITY, text, False, quantity + HALF if half else quantity, unit or "", (sign or "").strip())
