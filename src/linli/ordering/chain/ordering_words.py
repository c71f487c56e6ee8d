"""Pairs the words of an entry with its quantities: first the name of the person, then goods by goods."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from linli.ordering.chain import vocabulary as said
from linli.ordering.chain.goods import Shelf, goods_tail, is_likely, is_name, segment
from linli.ordering.chain.model import Item
from linli.ordering.chain.scanning import Kind, Mark, is_count, is_word

_MOST = Decimal(9999)
_LATIN = re.compile("[A-Za-z'][A-Za-z' ]*")
_SELF = re.compile("(?:我|本人|俺|自己|楼主)?(?:想?要|来|订|预订|买|拿|报名|下单)?(?:了)?")
_SORT = re.compile("[果款装号种级个粒]$")
_CODE = re.compile(r"[A-Za-z①-⑳]款?|\d+[号款]")


@dataclass
class Person:
    """Who an entry is from, the room if only its number is written, what follows, and whether the cut is a guess."""

    who: str
    rest: list[Mark]
    room: str = ""
    guess: bool = False


@dataclass
class Listing:
    """What follows the name, read into goods and remarks; `doubt` when something was left over."""

    shelf: Shelf
    items: list[Item] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    late_who: str = ""
    doubt: bool = False

    def add(self, goods: str, count: Mark) -> None:
        """Note one kind of goods; a letter or number of the list stands for its goods."""
        name = self.shelf.codes.get(goods.upper().removesuffix("款")) or goods
        uncoded = bool(self.shelf.codes) and _CODE.fullmatch(name) is not None
        self.doubt |= uncoded or not 0 < count.number <= _MOST or not is_likely(name, self.shelf)
        self.items.append(Item(name, count.number, count.unit))


def split_who(marks: list[Mark], shelf: Shelf, *, has_place: bool) -> Person:
    """Take the person's name off the front of an entry."""
    if not marks or not is_word(marks[0]):
        return _after_room(marks, has_place)
    first, rest = marks[0], marks[1:]
    if _SELF.fullmatch(first.text):
        return Person("", rest, guess=True)
    while rest and _belongs(first, rest, shelf):
        space = " " if _LATIN.fullmatch(first.text) else ""
        first, rest = Mark(Kind.WORD, first.text + space + rest[0].text, first.gap), rest[1:]
    count = rest[0] if rest and is_count(rest[0]) else None
    if count is None or (count.kind is Kind.EACH and count.gap):
        return _alone(first, rest, shelf)
    bare = not count.unit and not count.sign and len(rest) > 1
    if bare and not count.gap and _LATIN.fullmatch(first.text) and any(is_count(mark) for mark in rest[1:]):
        return Person(first.text + count.text.strip(), rest[1:])
    if bare and _room_like(count) and not has_place and first.text not in shelf.known:
        return Person(first.text, rest[1:], str(count.number))
    return _glued(first, rest, shelf, has_place=has_place)


def _belongs(first: Mark, rest: list[Mark], shelf: Shelf) -> bool:
    """Say whether the next word still belongs to the name (Mary Chen, 邹 姐)."""
    if not is_word(rest[0]):
        return False
    if _LATIN.fullmatch(first.text) and _LATIN.fullmatch(rest[0].text) and len(rest) > 1:
        return is_word(rest[1]) or (is_count(rest[1]) and rest[1].gap and bool(shelf.single))
    return first.text in said.SURNAMES and said.NAME_TITLE.fullmatch(rest[0].text) is not None


def _room_like(mark: Mark) -> bool:
    whole = 100 <= mark.number <= 9999 and mark.number % 1 == 0
    return whole and mark.kind is Kind.QUANTITY and not mark.unit and not mark.sign


def _after_room(marks: list[Mark], has_place: bool) -> Person:
    if len(marks) < 2 or has_place or not _room_like(marks[0]):
        return Person("", marks)
    named = len(marks) > 2 and is_word(marks[1]) and is_name(marks[1].text)
    return Person(marks[1].text if named else "", marks[2:] if named else marks[1:], str(marks[0].number))


def _alone(first: Mark, rest: list[Mark], shelf: Shelf) -> Person:
    tail = goods_tail(first.text, shelf.known)
    head = first.text[: len(first.text) - len(tail)]
    if tail and is_name(head) and not is_name(first.text):
        return Person(head, [Mark(Kind.WORD, tail, True), *rest])
    return Person(first.text, rest)


def _glued(first: Mark, rest: list[Mark], shelf: Shelf, *, has_place: bool) -> Person:
    """Cut 李姐苹果2 and 李姐2箱: the word before the first quantity holds a name, goods, or both."""
    word, known = first.text, shelf.known
    after = rest[1] if len(rest) > 1 else None
    if is_word(after) and not after.gap and not (len(rest) > 2 and is_count(rest[2])) and word not in known:
        return Person(_without_verb(word), rest)
    tail = goods_tail(word, known)
    if tail and (not is_name(word) or word in known):
        head = word[: len(word) - len(tail)]
        if rest[0].kind is Kind.EACH:
            inner = goods_tail(head, known)
            head, tail = head[: len(head) - len(inner)], inner + tail
        name = said.VERB_TAIL.sub("", head) if len(head) > 2 else head
        if not name or len(segment(name, known)) > 1:
            return Person("", [first, *rest], guess=bool(name))
        return Person(name, [Mark(Kind.WORD, tail, False), *rest], guess=not (is_name(name) or len(name) <= 3))
    if has_place and said.FINISHED.search(word) and not rest[0].gap and not is_name(word):
        return Person("", [first, *rest])
    name = _without_verb(word)
    return Person(
        name, rest, guess=not (is_name(name) or len(name) <= 4 or _LATIN.fullmatch(name)) or bool(_SORT.search(name))
    )


def _without_verb(word: str) -> str:
    cut = said.VERB_TAIL.sub("", word)
    return cut if len(cut) >= 2 else word


def list_items(marks: list[Mark], shelf: Shelf) -> Listing:
    """Pair goods with quantities; words that are neither goods nor a remark leave doubt."""
    listing = Listing(shelf)
    ready = [*_prepared(marks, shelf), None, None, None]
    index = 0
    while mark := ready[index]:
        after, beyond, last = ready[index + 1 : index + 4]
        if is_word(mark):
            _take_word(mark, after, listing)
        elif mark.kind is Kind.EACH:
            _take_each(mark, listing)
        elif mark.kind is not Kind.TOTAL:
            index += _take_count(mark, (after, beyond, last), listing)
        elif not listing.items and not listing.pending and shelf.single:
            listing.add(shelf.single, mark)
        index += 1
    _leave(listing, listing.pending, named=bool(listing.items))
    return listing


def _prepared(marks: list[Mark], shelf: Shelf) -> list[Mark]:
    """Join words that the list of goods knows as one, and strip 要, 来, 订 before goods."""
    ready: list[Mark] = []
    for mark in marks:
        text = said.VERB_HEAD.sub("", mark.text) if is_word(mark) and mark.text not in shelf.known else mark.text
        if is_word(mark) and ready and is_word(ready[-1]) and ready[-1].text + text in shelf.known:
            ready[-1] = Mark(Kind.WORD, ready[-1].text + text, ready[-1].gap)
        elif not is_word(mark):
            ready.append(mark)
        elif text:
            ready.append(Mark(Kind.WORD, text, mark.gap))
    return ready


def _take_word(mark: Mark, after: Mark | None, listing: Listing) -> None:
    remark = not is_count(after) and said.REMARK.search(mark.text) and not goods_tail(mark.text, listing.shelf.known)
    (listing.remarks if remark else listing.pending).append(mark.text)


def _take_each(mark: Mark, listing: Listing) -> None:
    names = [name for word in listing.pending for name in segment(word, listing.shelf.known)]
    if not names or (len(names) == 1 and names[0] not in listing.shelf.known):
        listing.doubt = True
    else:
        for name in names:
            listing.add(name, mark)
    listing.pending = []


def _take_count(mark: Mark, next_three: tuple[Mark | None, Mark | None, Mark | None], listing: Listing) -> int:
    """Place one quantity and give how many further marks were used up."""
    after, beyond, last = next_three
    if listing.pending:
        return _goods_first(mark, after, beyond, listing)
    if is_word(after) and not said.REMARK.search(after.text):
        known = bool(goods_tail(after.text, listing.shelf.known))
        bare = not mark.unit and not mark.sign and not after.gap
        if is_count(beyond) and bare and after.text not in listing.shelf.known:
            listing.add(mark.text.strip() + after.text, beyond)
            return 2
        taken = is_count(beyond) and not beyond.gap and not _behind_count(last)
        if (not after.gap and not taken) or (known and mark.unit and not is_count(beyond)):
            listing.add(after.text, mark)
            return 1
    if listing.shelf.single and not listing.items:
        listing.add(listing.shelf.single, mark)
        listing.doubt |= is_count(after)
    else:
        listing.doubt = True
    return 0


def _goods_first(mark: Mark, after: Mark | None, beyond: Mark | None, listing: Listing) -> int:
    *left, name = listing.pending
    listing.pending = []
    _leave(listing, left)
    if after and after.kind is Kind.QUANTITY and after.sign == "*" and mark.unit in said.MEASURES:
        listing.add(name + mark.text.strip(), after)
        return 1
    listing.doubt |= after is not None and after.kind is Kind.QUANTITY and not _behind_count(beyond)
    listing.add(name, mark)
    return 0


def _behind_count(mark: Mark | None) -> bool:
    """Say whether the mark after a quantity is goods written straight behind it (2份苹果)."""
    return is_word(mark) and not mark.gap


def _leave(listing: Listing, words: list[str], *, named: bool = False) -> None:
    """Lay words without a quantity aside: a name written last, a remark, or doubt."""
    for word in words:
        known = goods_tail(word, listing.shelf.known)
        if named and not listing.late_who and is_name(word) and not known:
            listing.late_who = word
        elif not known and said.REMARK.search(word):
            listing.remarks.append(word)
        else:
            listing.doubt = True
