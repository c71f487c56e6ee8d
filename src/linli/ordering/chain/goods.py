"""Finds the goods that the head of a chain offers, and tells goods from names inside glued words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from linli.ordering.chain import vocabulary as said
from linli.ordering.chain.scanning import fold, strip_pictures

_LONGEST = 12
_MOST = 300
_BRAND = re.compile(said.BRANDS)
_PRICE = re.compile(
    rf"[¥$]\s?\d+(?:\.\d+)?(?:元|块)?(?:/\d*{said.UNIT})?|\d+(?:\.\d+)?\s?(?:元|块钱?|r)(?:\s?/?\s?(?:\d+(?:\.\d+)?|[一二两三四五六七八九十半])?\s?{said.UNIT})?|\d+(?:\.\d+)?\s?/\s?\d*{said.UNIT}"
)
_BARE_PRICE = re.compile(r"(?<=[^\d.])\d{1,3}\.\d{1,2}(?![\d.])")
_PACK = re.compile(
    rf"(?!{said.BRANDS})(?:约|净重|毛重|每[箱份盒袋]|一[箱份盒袋])?\s?(?:\d+(?:\.\d+)?|[一二两三四五六七八九十半]+)(?:-\d+)?\s?(?:[斤枚个盒袋瓶包罐听箱桶支只克]装|{said.UNIT})(?:左右)?(?:/{said.UNIT})?(?:[*xX]\d+{said.UNIT}?)?|(?!{said.BRANDS})\d+[*xX]\d+"
)
_VARIANT = re.compile(r"\d+(?:\.\d+)?(?:斤|kg|g|个|枚|ml|L|只|袋|盒|瓶|片)装")
_CODED = re.compile(r"(?<![\dA-Za-z])(\d{1,2}号|[A-Ha-h](?=[.、:：\s一-鿿]))[.、:：\s]?([一-鿿]{2,8})")
_WHEN = re.compile(
    r"\d{1,2}[:：]\d{2}|\d{1,2}月\d{1,2}[日号]?|\d{1,2}[点号日](?!楼)半?|(?:周|星期)[一二三四五六日天末]|(?<![\d.])\d{1,2}[./]\d{1,2}(?![\d.]|\s?[/元])"
)
_BULLET = re.compile(
    r"^\s*(?:[(（【\[]?(?P<letter>[A-Za-z])[)）】\]]?\s?(?:款|号)?[.、:：)）\s-]|[(（【\[]?(?:第\s?)?(?P<number>\d{1,2})(?:[.、)）】\]:：号](?!\d)|\s(?=\D))|(?P<ring>[①-⑳])|[-*•·●]\s*)\s*"
)
_PIECES = re.compile(r"[\s,，、;；|/+&和!！。:：~*#@=<>《》【】\[\]()（）“”\"'…-]+")


@dataclass(frozen=True)
class Shelf:
    """The goods a chain offers: their names, the letters or numbers that stand for them, the only one if it is one."""

    names: tuple[str, ...] = ()
    codes: dict[str, str] = field(default_factory=dict)
    single: str = ""

    @cached_property
    def known(self) -> frozenset[str]:
        """Every goods name that is known: what the chain offers and the everyday lexicon."""
        return said.GOODS | frozenset(self.names)

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """Names that hold digits, numerals or letters and would otherwise be cut, longest first."""
        hard = [
            name for name in self.names if re.search(r"[\dA-Za-z一二两三四五六七八九十百半俩各共\s()（）+*.-]", name)
        ]
        codes = [code for code in self.codes if code[0].isdigit()]
        return tuple(sorted(hard + codes, key=len, reverse=True)[:60])


def is_name(word: str) -> bool:
    """Say whether a word looks like the name of a person."""
    if said.NAME_TITLE.fullmatch(word) or said.NAME_SHORT.fullmatch(word):
        return True
    return 2 <= len(word) <= 3 and word[0] in said.SURNAMES and all("一" <= c <= "鿿" for c in word)


def goods_tail(word: str, known: frozenset[str]) -> str:
    """Give the longest known goods name a word ends with, together with the qualities written before it; else empty."""
    for length in range(min(len(word), 2 * _LONGEST), 0, -1):
        if word[-length:] in known:
            head = word[:-length]
            quality = said.MODIFIER_TAIL.search(head)
            return word[-length - len(quality.group()) :] if quality else word[-length:]
    return ""


def is_likely(name: str, shelf: Shelf) -> bool:
    """Say whether a word can be goods of this chain rather than a person or a stray word."""
    for piece in re.findall("[一-鿿]+", re.sub("[(（].*?[)）]", "", name)):
        tail = goods_tail(piece, shelf.known)
        if tail:
            return not is_plain_name(piece[: len(piece) - len(tail)])
    if said.STRAY_WORD.match(name) or is_plain_name(name):
        return False
    shared = any(set(name) <= set(offer) or set(offer) <= set(name) for offer in shelf.names)
    return shared or not shelf.names or bool(_BRAND.search(name) or said.FINISHED.search(name))


def is_plain_name(word: str) -> bool:
    """Say whether a word is a person's name beyond doubt: a title of kinship, or one of the commonest surnames."""
    short = len(word) == 2 and word[0] in "小老阿" and word[1] in said.COMMON_SURNAMES
    return short or said.PLAIN_TITLE.fullmatch(word) is not None or (is_name(word) and word[0] in said.COMMON_SURNAMES)


def segment(word: str, known: frozenset[str]) -> list[str]:
    """Cut a glued word into known goods (苹果香蕉 → 苹果, 香蕉); a word that does not divide comes back whole."""
    if said.FINISHED.search(word) and not re.search("[和跟与及]", word):
        return [word]
    cut = [part for part in re.split("[和跟与及]", word) if part]
    found: list[str] = []
    for part in cut:
        pieces: list[str] = []
        rest = part
        while rest:
            tail = goods_tail(rest, known)
            if not tail:
                break
            pieces.insert(0, tail)
            rest = rest[: -len(tail)]
        if rest and len(cut) == 1:
            return [word]
        found += [part] if rest else pieces
    return found or [word]


def read_shelf(title: str, head: list[str], listed: list[str]) -> Shelf:
    """Read the goods a chain offers from its title, the lines under it and a numbered list before the entries."""
    lines = [fold(strip_pictures(line)) for line in (title, *head, *listed)]
    codes: list[tuple[str, str]] = []
    for told in map(_CODED.findall, lines[: len(head) + 1]):
        codes += [(code.upper(), name) for code, name in told if len(told) > 1]
    in_title = [] if len(_CODED.findall(lines[0])) > 1 else _title_goods(lines[0])
    offered = [name for _, name in codes]
    for index, line in enumerate(lines[1:]):
        bullet = _BULLET.match(line)
        fee = said.FEE_LINE.search(line)
        priced = _PRICE.search(line) or (not fee and _BARE_PRICE.search(line))
        if not (fee and not (bullet and priced)) and (bullet or priced or index >= len(head)):
            names = _offers(line[bullet.end() :] if bullet else line)
            offered += names
            codes += [(code, names[0]) for code in _codes(bullet) if len(names) == 1]
    if len(in_title) == 1 and len(set(offered)) <= 1 and not any(goods_tail(name, said.GOODS) for name in offered):
        offered = []
    names = list(dict.fromkeys([*in_title, *offered]))[:_MOST]
    distinct = [n for n in names if not any(n != other and n in other for other in names)]
    variants = {variant for line in lines for variant in _VARIANT.findall(line)}
    single = distinct[0] if len(distinct) == 1 and len(variants) < 2 else ""
    return Shelf(tuple(names + sorted(variants)), dict(codes), single)


def _codes(bullet: re.Match[str] | None) -> list[str]:
    """The signs that stand for the goods of a numbered or lettered line."""
    if not bullet:
        return []
    if bullet["ring"]:
        return [bullet["ring"], f"{ord(bullet['ring']) - 0x245F}号"]
    return [bullet["letter"].upper()] if bullet["letter"] else [f"{bullet['number']}号"] if bullet["number"] else []


def _offers(line: str) -> list[str]:
    """Goods of a line of the list: what stands before each price, or the first piece when no price is written."""
    prices = [*_PRICE.finditer(line)] or [*_BARE_PRICE.finditer(line)]
    spans = [line[a:b] for a, b in zip([0, *(p.end() for p in prices)], [p.start() for p in prices], strict=False)]
    names: list[str] = []
    for span in spans or [line]:
        pieces = _clean_pieces(span)
        hits = [piece for piece in pieces if goods_tail(piece, said.GOODS)]
        if hits or pieces:
            names.append((hits or pieces)[-1 if prices and not hits else 0])
    return names


def _title_goods(plain: str) -> list[str]:
    pieces = _clean_pieces(plain)
    hits = [piece for piece in pieces if goods_tail(piece, said.GOODS)]
    if hits:
        return list(dict.fromkeys(part for hit in hits for part in segment(hit, said.GOODS)))
    priced = bool(_PRICE.search(plain) or _BARE_PRICE.search(plain))
    alone = len(pieces) == 1 and is_name(pieces[0])
    return pieces if priced and not alone else []


def _clean_pieces(text: str) -> list[str]:
    for pattern in (_PRICE, _WHEN, _BARE_PRICE, _PACK, said.TITLE_NOISE):
        text = pattern.sub(" ", text)
    pieces = [piece for piece in _PIECES.split(text) if re.search("[一-鿿]|[A-Za-z]{2}", piece)]
    return [piece for piece in pieces if piece not in said.GENERIC and len(piece) <= 2 * _LONGEST]
