"""Chinese names as they are searched: words, pairs of characters, pinyin and initials, as tokens of a tsvector."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import rjieba

# Names of goods whose usual reading the general dictionary misses.
GROCERY = {
    "长粒": "chang li", "长粒香": "chang li xiang", "长茄": "chang qie", "长豆角": "chang dou jiao",
    "长豇豆": "chang jiang dou", "重瓣": "chong ban", "扁桃": "bian tao", "柏子": "bai zi",
}  # fmt: skip

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HAN}]+|[a-z0-9]+")
_SPECIAL = re.compile("(" + "|".join(sorted(GROCERY, key=len, reverse=True)) + ")")
_LONGEST_SOUND, _LONGEST_INITIALS, _LONGEST_NAME = 32, 12, 600


@dataclass(frozen=True, slots=True)
class Searchable:
    """A name made ready to be found: the text of a tsvector, its whole pinyin and its initials."""

    tokens: str
    pinyin: str
    initials: str


def searchable(name: str, others: str = "") -> Searchable:
    """Return the tokens of a name and of other names it goes by, which weigh less."""
    found: dict[str, str] = {}
    sounds, firsts = "", ""
    for run in _runs(name):
        if not _is_han(run):
            _note(found, "l" + run, "A")
            sounds, firsts = sounds + run, firsts + run[0]
            continue
        syllables, starts = _han(found, run, "A", "B")
        _sounds(found, syllables, starts, first="B" if sounds else "A")
        sounds, firsts = sounds + "".join(syllables), firsts + "".join(each[0] for each in syllables)
    for run in _runs(others):
        if _is_han(run):
            syllables, starts = _han(found, run, "C", "D")
            _sounds(found, syllables, starts, first="C")
        else:
            _note(found, "l" + run, "C")
    return Searchable(" ".join(f"{token}:1{weight}" for token, weight in found.items()), sounds, firsts)


def question(text: str) -> str:
    """Return the tsquery for what somebody typed: every part must be there; empty when there is nothing to look for.

    Latin letters may be the beginning of a word, of pinyin or of initials; Chinese words need not stand together.
    """
    parts = []
    for run in list(_runs(text))[:12]:
        if not _is_han(run):
            ways = [f"l{run}:*", f"p{run[:_LONGEST_SOUND]}:*", f"i{run[:_LONGEST_INITIALS]}:*"]
            parts.append(f"( {' | '.join(ways if run.isalpha() else ways[:1])} )")
            continue
        for word in _words(run):
            parts += [f"h{pair}" for pair in _pairs(word)] if len(word) > 1 else [f"h{word}"]
    return " & ".join(dict.fromkeys(parts))


def plain(text: str) -> str:
    """Return a text as it is compared: full-width letters narrow, everything in small letters, no space around."""
    return unicodedata.normalize("NFKC", text).lower().strip()


def _runs(text: str) -> Iterator[str]:
    return (found.group() for found in _RUN.finditer(plain(text[:_LONGEST_NAME])))


def _is_han(run: str) -> bool:
    return not run.isascii()


def _words(run: str) -> list[str]:
    words: list[str] = []
    for piece in _SPECIAL.split(run):
        words += [piece] if piece in GROCERY else rjieba.cut(piece) if piece else []
    return words


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]


def _note(found: dict[str, str], token: str, weight: str) -> None:
    if weight < found.get(token, "E"):
        found[token] = weight


def _han(found: dict[str, str], run: str, whole: str, part: str) -> tuple[list[str], set[int]]:
    """Note words, pairs and single characters of a run; returns its syllables and where its words begin."""
    syllables: list[str] = []
    starts: set[int] = set()
    for word in _words(run):
        starts.add(len(syllables))
        syllables += _syllables(word)
        _note(found, "h" + word, whole)
    for pair in _pairs(run):
        _note(found, "h" + pair, part)
    for sign in run:
        _note(found, "h" + sign, "D")
    return syllables, starts


def _sounds(found: dict[str, str], syllables: list[str], starts: set[int], *, first: str) -> None:
    """Note the pinyin and initials from every syllable on, heavier at the beginning of a word."""
    whole, initials = "".join(syllables), "".join(each[0] for each in syllables)
    at = 0
    for place, syllable in enumerate(syllables):
        weight = first if place == 0 else max(first, "C") if place in starts else "D"
        _note(found, "p" + whole[at : at + _LONGEST_SOUND], weight)
        _note(found, "i" + initials[place : place + _LONGEST_INITIALS], weight)
        at += len(syllable)


@lru_cache(maxsize=20_000)
def _syllables(word: str) -> tuple[str, ...]:
    """Return one syllable a character, ü written as v; an unknown character stands for itself."""
    phrases, alone = _readings()
    found: list[str] = []
    while len(found) < len(word):
        rest = word[len(found) :]
        phrase = next((rest[:size] for size in range(min(8, len(rest)), 1, -1) if rest[:size] in phrases), "")
        found += phrases[phrase].split() if phrase else [alone(rest[0])]
    return tuple(found)


@lru_cache(maxsize=1)
def _readings() -> tuple[Mapping[str, str], Callable[[str], str]]:
    """Return the phrases in which a character is read otherwise than usual, and the usual reading of a character.

    pypinyin's own 47,000 phrases cost 43 MB in every process; these are the ones of them that change anything.
    """
    os.environ["PYPINYIN_NO_PHRASES"] = "true"
    from pypinyin import Style, lazy_pinyin

    lines = (files("linli.platform") / "readings.tsv").read_text(encoding="utf-8").splitlines()
    phrases = dict(line.split("\t") for line in lines if not line.startswith("#"))
    return {**phrases, **GROCERY}, lambda sign: lazy_pinyin(sign, style=Style.NORMAL, errors="default")[0]
