"""Cuts the text of a chain into its head and its numbered entries, whatever way the numbers are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from unicodedata import numeric

from linli.ordering.chain.numbers import quantity_of
from linli.ordering.chain.scanning import Kind, fold, is_count, is_word, scan, strip_pictures
from linli.ordering.chain.vocabulary import CLOSING, EXAMPLE, RULES_AHEAD, UNIT

_LEAD = r"[\s\u200b-\u200f\ufeff>*•·]{0,6}"
_ROOM = r"(?=\d{1,3}(?:[-#]\d|栋|幢|号楼|座|单元)|[A-Za-z]\d)"
_STRONG = re.compile(
    rf"{_LEAD}(?:(?P<ring>[①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛❶-❿⓫-⓴])[.、:：]?|(?P<keys>(?:\d\ufe0f?\u20e3){{1,4}}|🔟)[.、]?"
    r"|第\s?(?P<nth>\d{1,5}|[一二三四五六七八九十]{1,3})(?![期批季轮场次天波])(?:[个位名号单条])?[.、:：,，)）\s]?"
    r"|[(（【\[]\s?(?P<held>\d{1,5})\s?[)）】\]][.、:：]?"
    rf"|(?:No\.?|NO\.?|no\.)?\s?(?P<plain>\d{{1,5}})\s?(?:[、)）]|\.(?:(?!\d)|{_ROOM})))\s*"
)
_WEAK = re.compile(
    rf"{_LEAD}(?P<plain>\d{{1,5}})(?:[:：,，](?!\d)|[-_](?=[^\d\s])|[.。](?=\s?[^\d\s])|\s+(?=[^\s\d.]|\d{{1,3}}[-#栋幢座号]))\s*"
    rf"|{_LEAD}(?P<tight>\d{{1,5}})(?=[一-鿿A-Za-z@])"
    rf"(?!{UNIT}|[元块点月日号时分期楼栋幢座层室折年后单喜]|[xX]\d)"
)
_INLINE = re.compile(
    r"(?P<edge>^|[\s;；,，。|/]|(?<=[一-鿿\d]))(?P<plain>\d{1,5})(?P<dot>[.、)）])(?:(?!\d)|(?=\d{1,3}[-#栋]))\s*|(?P<ring>[①-⑳])\s*"
)
_COUNTED = re.compile(rf"\d|[一二两三四五六七八九十半]{UNIT}|[俩仨]")
_PRICED = re.compile(rf"[¥￥$]\s?\d|\d\s?(?:元|块)|\d\s?/\s?{UNIT}|(?<!\d)\d{{1,3}}\.\d{{1,2}}\s*$")
_EDGES = " \t\n;；,，|/"
_REACH = 40


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an entry starts: its number, where the number begins, where the words begin, how the number is dressed."""

    serial: int
    line: int
    start: int
    body: int
    dress: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry as text: the number it carries, its own original text and the words after the number."""

    serial: int | None
    source: str
    body: str


@dataclass
class Layout:
    """A chain cut apart: lines before the entries, a numbered list of goods, the entries, lines behind them."""

    head: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)


@dataclass
class _Run:
    """Numbers that go on counting; each line is weighed once, and only when somebody asks."""

    plain: list[str]
    cuts: list[Cut]
    weighed: int = 0
    prices: int = 0
    orders: int = 0

    def weigh(self) -> _Run:
        for cut in self.cuts[self.weighed :]:
            body = self.plain[cut.line][cut.body : cut.body + 300]
            self.prices += bool(_PRICED.search(body))
            self.orders += _orders(body)
        self.weighed = len(self.cuts)
        return self

    @property
    def is_list(self) -> bool:
        return 2 * self.weigh().prices > len(self.cuts) and not self.orders


def lay_out(lines: list[str]) -> Layout:
    """Cut the lines of one chain into head, numbered goods and entries; no entries when none are certain."""
    plain = [fold(line) for line in lines]
    example = [EXAMPLE.match(line) is not None for line in plain]
    cuts = [_cut(match, i) for i, line in enumerate(plain) if not example[i] and (match := _STRONG.match(line))]
    entries, others = _choose(_runs(cuts or _weak_only(plain, example), plain), plain)
    entries = entries or _one_line(plain)
    if not entries:
        return Layout()
    entries = _fill(entries, plain)
    first = entries[0]
    foreign = [cut.line for run in others for cut in run.cuts]
    end = min((line for line in foreign if line > entries[-1].line), default=len(lines))
    end = next((i for i in range(entries[-1].line + 1, end) if not plain[i].strip() or CLOSING.search(plain[i])), end)
    taken = set(foreign)
    head = [line for i, line in enumerate(lines[: first.line]) if i not in taken and not example[i]]
    before = lines[first.line][: first.start].strip()
    behind = [line.strip() for i, line in enumerate(lines[end:], start=end) if i not in taken]
    listed = [lines[line] for line in foreign if line < first.line]
    return Layout([*head, before], listed, _pieces(entries, lines, end), behind)


def _cut(match: re.Match[str], line: int) -> Cut:
    dress = "plain" if match.lastgroup == "dot" else match.lastgroup or ""
    start = match.start(dress) if match.re is _INLINE else len(match.string) - len(match.string.lstrip())
    return Cut(_number(match), line, start, match.end(), dress)


def _number(match: re.Match[str]) -> int:
    found = next((name, text) for name, text in match.groupdict().items() if text and name not in ("edge", "dot"))
    if found[0] == "ring":
        return int(numeric(found[1]))
    if found[0] == "keys":
        return int("".join(c for c in found[1] if c.isdigit()) or 10)
    return int(quantity_of(found[1]))


def _weak_only(plain: list[str], example: list[bool]) -> list[Cut]:
    """Numbers without a dot (1 张三, 1张三) count only when they go up from 1 without a gap."""
    cuts: list[Cut] = []
    for index, line in enumerate(plain):
        match = None if example[index] else _WEAK.match(line)
        if match and _number(match) == (cuts[-1].serial + 1 if cuts else 1):
            cuts.append(_cut(match, index))
    return cuts


def _runs(cuts: list[Cut], plain: list[str]) -> list[_Run]:
    """Group numbers that go on counting; a new run starts where counting begins again or changes its dress."""
    runs: list[_Run] = []
    for cut in cuts:
        last = runs[-1].cuts[-1] if runs else None
        home = next((run for run in runs[: -_REACH - 1 : -1] if run.cuts[-1].dress == cut.dress), None)
        if last and cut.dress != last.dress and cut.serial == last.serial + 1:
            runs[-1].cuts.append(cut)
        elif home and not (cut.serial <= 1 and _restarts(home, cut, plain)):
            home.cuts.append(cut)
        else:
            runs.append(_Run(plain, [cut]))
    outer: list[_Run] = []
    for run in runs:
        if not outer or run.cuts[-1].line >= outer[-1].cuts[-1].line:
            outer.append(run)
    return outer


def _restarts(run: _Run, cut: Cut, plain: list[str]) -> bool:
    last = run.cuts[-1]
    between = plain[last.line + 1 : cut.line]
    parted = any(not line.strip() or EXAMPLE.match(line) or "接龙" in line for line in between)
    return last.serial >= 1 and (parted or run.is_list or (bool(between) and not run.weigh().orders))


def _orders(body: str) -> bool:
    """Say whether a line holds an amount somebody takes, not only prices and pack sizes."""
    marks = scan(strip_pictures(body)[:200])
    priced = any(mark.kind is Kind.PRICE for mark in marks)
    return any(map(is_count, marks)) and not (priced and sum(map(is_word, marks)) < 2)


def _choose(runs: list[_Run], plain: list[str]) -> tuple[list[Cut], list[_Run]]:
    """Tell the run (or runs) of entries from lists of goods, examples and rules around it."""
    if len(runs) == 1 and len(runs[0].cuts) > 1:
        alone = runs[0]
        offer = all(_PRICED.search(plain[cut.line], cut.body) for cut in alone.cuts) and alone.is_list
        return ([], runs) if offer else (alone.cuts, [])
    foreign = [len(runs) > 1 and _foreign(runs, index, plain) for index in range(len(runs))]
    if runs and all(foreign):
        foreign[-1] = False
    chosen = [cut for run, other in zip(runs, foreign, strict=True) if not other for cut in run.cuts]
    others = [run for run, other in zip(runs, foreign, strict=True) if other]
    return sorted(chosen, key=lambda cut: cut.line), others


def _foreign(runs: list[_Run], index: int, plain: list[str]) -> bool:
    run = runs[index].weigh()
    start = run.cuts[0].line
    above = next((line for line in plain[max(start - _REACH, 0) : start][::-1] if line.strip()), "")
    if EXAMPLE.match(above) or (RULES_AHEAD.search(above) and not run.orders):
        return True
    if index < len(runs) - 1:
        return run.is_list or not run.orders
    rules = sum(1 for cut in run.cuts if CLOSING.search(plain[cut.line]))
    return 2 * rules > len(run.cuts) and runs[index - 1].weigh().orders > 0


def _one_line(plain: list[str]) -> list[Cut]:
    """Find the first number of a chain written behind its title on the same line."""
    found = (_cut(m, i) for i, line in enumerate(plain) for m in _INLINE.finditer(line) if m["ring"] or m["edge"])
    return next(([cut] for cut in found if cut.serial == 1), [])


def _fill(cuts: list[Cut], plain: list[str]) -> list[Cut]:
    """Where counting has a gap, find entries behind another on its line, or whose number lost its dot."""
    filled: list[Cut] = []
    for cut, after in zip(cuts, [*cuts[1:], None], strict=True):
        filled.append(cut)
        limit = after.serial if after else None
        if limit is not None and limit <= cut.serial + 1:
            continue
        for line in range(cut.line, min(after.line if after else len(plain), cut.line + _REACH)):
            if line > cut.line:
                filled += _weak_next(plain[line], line, filled[-1], limit)
            filled += _inside(plain[line], line, filled[-1], limit)
    return filled


def _weak_next(text: str, line: int, at: Cut, limit: int | None) -> list[Cut]:
    """A number without a dot is the next one if it closes a gap, or if a name and an order follow it at the end."""
    match = _WEAK.match(text)
    if not match or _number(match) != at.serial + 1 or at.serial + 1 == limit:
        return []
    marks = scan(strip_pictures(text[match.end() :])[:120])
    words = sum(1 for mark in marks if mark.kind in (Kind.WORD, Kind.PLACE))
    complete = is_word(marks[0] if marks else None) and words >= 2 and any(map(is_count, marks))
    return [_cut(match, line)] if limit is not None or complete else []


def _inside(text: str, line: int, at: Cut, limit: int | None) -> list[Cut]:
    found: list[Cut] = []
    start = at.body if at.line == line else 0
    for match in _INLINE.finditer(text, start):
        same = (match["ring"] is not None) == (at.dress == "ring")
        if same and _number(match) == at.serial + 1 != limit and _ends_entry(text, start, match):
            at, start = _cut(match, line), match.end()
            found.append(at)
    return found


def _ends_entry(text: str, start: int, match: re.Match[str]) -> bool:
    """Say whether the words before an inner number can be an entry of their own (and it is no list: 苹果 2、香蕉 3)."""
    if match["ring"]:
        return True
    before = text[start : match.start("plain")].strip()
    counted = _COUNTED.search(before, max(0, len(before) - 60)) is not None
    if not match["edge"]:
        return counted and not before[-1:].isdigit() and match["dot"] == "."
    return counted or not before or (" " not in before and (match["dot"] != "、" or len(before) <= 4))


def _pieces(cuts: list[Cut], lines: list[str], end: int) -> list[Piece]:
    pieces: list[Piece] = []
    for cut, after in zip(cuts, [*cuts[1:], None], strict=True):
        if after and after.line == cut.line:
            source = lines[cut.line][cut.start : after.start]
        else:
            more = (
                lines[cut.line + 1 : after.line] + [lines[after.line][: after.start]]
                if after
                else lines[cut.line + 1 : end]
            )
            source = "\n".join([lines[cut.line][cut.start :], *more])
        body = source[cut.body - cut.start :].strip(_EDGES)
        if body and not EXAMPLE.match(fold(body)):
            pieces.append(Piece(cut.serial, source.strip(_EDGES), body))
    return pieces
