"""Reads one entry of a chain: who wants what, where to, and whether that is certain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from linli.ordering.chain import vocabulary as said
from linli.ordering.chain.goods import Shelf, is_name
from linli.ordering.chain.model import Entry, EntryStatus
from linli.ordering.chain.ordering_words import Listing, list_items, split_who
from linli.ordering.chain.places import PLACE, is_place
from linli.ordering.chain.scanning import EMOJI, Kind, Mark, fold, holds_count, is_count, is_word, open_text, scan

_TOO_LONG = 1500
_EDGE = " \n,，;；(（)）、。.!！【】[]"
_STRUCK = re.compile("~~[^~]+~~|(?:[^\u0335-\u0338\\s]\\s?[\u0335-\u0338]\\s*)+")
_TOKEN = re.compile(r"[^\s,，。;；]+")
_PICTURE_NAME = re.compile(rf"^\s*({EMOJI}+)")
_CROSS = re.compile("[❌❎🚫✗✘]")
_MINUS = re.compile(rf"\s-\d{{1,3}}(?![\d.]|\s?{said.UNIT}|-)(?!{PLACE})")
_LABEL = re.compile(
    r"(?:(?P<who>姓名|名字|收货人|收件人|联系人|昵称|称呼)|(?P<place>地址|房号|楼号|门牌号?|楼栋|位置|住址)|备注|留言)"
    r"\s*[:：]\s*(?P<value>[^\n,，;；]{0,60}?)(?=\s+\S{1,5}[:：]|[\n,，;；]|$)"
)
_BARE_LABEL = re.compile(r"(?:商品|货品|品名|数量|下单|订单|需要|规格|份数|购买|品种)\s*[:：]\s*")
_COLON_WHO = re.compile(
    r"^\s*@?([^\s:：\d,，、()（）]{1,12})\s*[:：]\s*(?=[^\s\d])|^\s*@?([^\s:：\d,，、()（）]{2,12})[:：](?=\d)"
)
_NUMBER = r"(?:\d{1,5}(?:\.\d)?|[一二两三四五六七八九十半]{1,3})"
_AMOUNT = re.compile(rf"{_NUMBER}\s?(?:{said.UNIT}|(?=\s|$))")
_TURNED = re.compile(
    rf"[*xX+]?\s?{_NUMBER}\s?(?P<unit>{said.UNIT})?\s*[,，(（]?\s*(?:改成|改为|改到|改|换成|变成|->|→)"
    rf"\s*(?P<to>{_NUMBER})\s?(?P<to_unit>{said.UNIT})?[)）]?(?![一-鿿\d])"
)


@dataclass
class _Reading:
    who: str = ""
    place: str = ""
    notes: list[str] = field(default_factory=list)
    rest: list[Mark] = field(default_factory=list)
    doubt: bool = False


def read_entry(serial: int | None, body: str, source: str, shelf: Shelf, *, first: bool) -> Entry:
    """Read one entry from the text after its number; what is not certain makes it unclear."""
    if len(body) > _TOO_LONG:
        return Entry(serial, "", "", (), "", EntryStatus.UNCLEAR, source)
    text, struck = _without_struck(body)
    text = open_text(text, sold=bool(shelf.single))
    reading = _Reading(doubt=bool(_CROSS.search(body) or _MINUS.search(text) or said.RETURNED.search(text)))
    text = _phrases(text, reading)
    withdrawal = None if said.RETURNED.search(text) else said.WITHDRAWN.search(text)
    hangs = withdrawal is not None and _hangs(text, withdrawal)
    if withdrawal:
        text = text[: withdrawal.start()] + " " + text[withdrawal.end() :]
    marks = _open_brackets(scan(_labels(text, reading).strip(), shelf.literals))
    _sort_marks(marks, reading, shelf)
    listing = list_items(reading.rest, shelf)
    if first and any(m.kind is Kind.PRICE for m in marks) and not any(map(is_count, marks)):
        listing.doubt = False
    pictures = _PICTURE_NAME.findall(body)[:1]
    reading.who = reading.who or listing.late_who or "".join(pictures) or (reading.place if listing.items else "")
    reading.notes += listing.remarks
    several = len(listing.items) > 1 or (bool(listing.items) and listing.doubt)
    partly = hangs and (several or len(_AMOUNT.findall(re.sub(PLACE, " ", text))) > 1)
    reading.doubt |= partly
    taken_back = struck or (withdrawal is not None and not partly)
    status = EntryStatus.WITHDRAWN if taken_back else _status(reading, listing, first)
    plain = fold(body)
    notes = sorted({n.strip(): 0 for n in reading.notes if n.strip()}, key=lambda n: plain.find(n) % (len(plain) + 1))
    return Entry(serial, reading.who, reading.place, tuple(listing.items), " ".join(notes), status, source)


def _status(reading: _Reading, listing: Listing, first: bool) -> EntryStatus:
    certain = not (reading.doubt or listing.doubt) and bool(reading.who or reading.place)
    host = first and all(said.REMARK.search(note) or said.HOST_WORD.search(note) for note in reading.notes)
    return EntryStatus.UNDERSTOOD if certain and (listing.items or host) else EntryStatus.UNCLEAR


def _hangs(text: str, withdrawal: re.Match[str]) -> bool:
    """Say whether words of withdrawal are written straight onto other words, so that they may mean only these."""
    before, after = text[: withdrawal.start()], text[withdrawal.end() :]
    return (bool(before) and before[-1] not in _EDGE) or (bool(after) and after[0] not in _EDGE)


def _without_struck(body: str) -> tuple[str, bool]:
    """Take struck-out spans out; when no order would be left, keep the words and say they are struck."""
    if not _STRUCK.search(body):
        return body, False
    left = _STRUCK.sub(" ", body)
    return (left, False) if len(left.strip()) > 3 and holds_count(left) else (body.replace("~~", " "), True)


def _phrases(text: str, reading: _Reading) -> str:
    """Take out what is said about the order rather than ordered: conditions, questions, changes, vagueness."""
    for word in _TOKEN.findall(text) if said.IF_THEN.search(text) else []:
        if said.IF_THEN.search(word):
            reading.notes.append(word)
            text = text.replace(word, " ", 1)
    turned = _TURNED.search(text)
    if turned and len(_AMOUNT.findall(re.sub(PLACE, " ", text))) <= 2:
        reading.notes.append(turned.group().strip(" ,，"))
        now = turned["to"] + (turned["to_unit"] or turned["unit"] or "")
        text = text[: turned.start()] + now + text[turned.end() :]
    if any(pattern.search(text) for pattern in (said.ASKING, said.SAME_AS, said.CHANGED, said.VAGUE)):
        reading.doubt = True
        return said.VAGUE.sub(" ", said.SAME_AS.sub(" ", text))
    if not said.QUESTION.search(text):
        return text
    last = _TOKEN.findall(text)[-1]
    if last == text.strip() or not said.QUESTION.search(last):
        reading.doubt = True
        return text
    reading.notes.append(last)
    return text[: text.rindex(last)]


def _labels(text: str, reading: _Reading) -> str:
    """Read labelled fields (姓名：, 地址：, 备注：) and a name set off by a colon."""
    for match in _LABEL.finditer(text):
        if match["who"]:
            reading.who = match["value"].strip()
        elif match["place"]:
            reading.place = match["value"].strip()
        else:
            reading.notes.append(match["value"].strip())
    text = _BARE_LABEL.sub(" ", _LABEL.sub(" ", text))
    colon = _COLON_WHO.match(text)
    if colon and not reading.who and not is_place(colon[1] or colon[2]):
        reading.who = colon[1] or colon[2]
        text = text[colon.end() :]
    return text.replace("@", " ")


def _open_brackets(marks: list[Mark]) -> list[Mark]:
    """Open brackets that hold the order itself, as in 李姐（苹果2，香蕉1）, and leave the others whole."""
    opened: list[Mark] = []
    for index, mark in enumerate(marks):
        inner = scan(mark.text[1:-1]) if mark.kind is Kind.BRACKET and not any(map(is_count, opened)) else []
        specifies = index + 1 < len(marks) and is_count(marks[index + 1])
        opened += inner if any(map(is_count, inner)) and not specifies else [mark]
    return opened


def _sort_marks(marks: list[Mark], reading: _Reading, shelf: Shelf) -> None:
    """Lay each mark where it belongs: place, note, nowhere, or the rest that is name and goods."""
    ordered = False
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        ordered |= is_count(mark)
        if mark.kind is Kind.PLACE or (is_word(mark) and said.PLACE_WORD.fullmatch(mark.text)):
            _place(mark, reading)
        elif mark.kind is Kind.PRICE:
            reading.doubt |= after is not None and is_count(after) and not after.gap
        elif mark.kind in (Kind.TIME, Kind.PAID) or (is_word(mark) and reading.rest and _is_remark(mark.text, shelf)):
            reading.notes.append(mark.text)
        elif mark.kind is Kind.RANGE:
            room = not ordered and not reading.place and not re.search(said.UNIT, mark.text)
            reading.place = mark.text if room else reading.place
            reading.doubt |= not room
        elif mark.kind is Kind.BRACKET:
            _bracket(mark, reading, specifies=is_count(after))
        elif mark.kind is not Kind.PHONE:
            reading.rest.append(mark)
    if not reading.who:
        person = split_who(reading.rest, shelf, has_place=bool(reading.place))
        reading.who, reading.rest, reading.place = person.who, person.rest, reading.place or person.room
        reading.doubt |= person.guess


def _is_remark(word: str, shelf: Shelf) -> bool:
    return word not in shelf.known and said.REMARK_SURE.fullmatch(word) is not None


def _place(mark: Mark, reading: _Reading) -> None:
    text = mark.text
    last = reading.rest[-1] if reading.rest else None
    if is_word(last) and not mark.gap and said.PLACE_TAIL.search(last.text) and not is_name(last.text):
        reading.rest.pop()
        text = last.text + text
    if text not in reading.place:
        reading.place = f"{reading.place} {text}".strip()


def _bracket(mark: Mark, reading: _Reading, *, specifies: bool) -> None:
    """Read a bracket as a place, as part of the goods before a quantity (苹果（大）2), or as a remark."""
    inner = mark.text[1:-1].strip()
    last = reading.rest[-1] if reading.rest else None
    if is_place(inner):
        _place(Mark(Kind.PLACE, inner, True), reading)
    elif specifies and is_word(last) and not said.REMARK.search(inner) and not mark.gap:
        reading.rest[-1] = Mark(Kind.WORD, last.text + mark.text, last.gap)
    elif any(m.kind not in (Kind.PHONE, Kind.PRICE) for m in scan(inner)):
        reading.notes.append(inner)
