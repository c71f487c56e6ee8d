"""Writes `src/linli/platform/readings.tsv` anew: the phrases of pypinyin that change how a character is read."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.phrases_dict import phrases_dict

TARGET = Path(__file__).parents[1] / "src" / "linli" / "platform" / "readings.tsv"


def usual(sign: str) -> str:
    """Return how a character is read when nothing else is known."""
    return to_normal(PINYIN_DICT[ord(sign)].split(",")[0]) if ord(sign) in PINYIN_DICT else sign


def main() -> None:
    """Compare every phrase with the usual readings of its characters and keep those that differ."""
    lines = [f"# phrases of pypinyin {version('pypinyin')} (MIT) in which a character is not read as usual"]
    for phrase, readings in sorted(phrases_dict.items()):
        read = [to_normal(each[0]) for each in readings]
        if len(read) == len(phrase) <= 8 and read != [usual(sign) for sign in phrase]:
            lines.append(f"{phrase}\t{' '.join(read)}")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} phrases in {TARGET}")


if __name__ == "__main__":
    main()
