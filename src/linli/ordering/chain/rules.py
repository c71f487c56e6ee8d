"""Reads a pasted 接龙 into entries, writes one back in the form of the chat, and tells what a newer paste changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from linli.ordering.chain.entries import read_entry
from linli.ordering.chain.goods import goods_tail, is_name, read_shelf
from linli.ordering.chain.layout import lay_out
from linli.ordering.chain.model import Chain, ChainUnreadable, Entry, EntryStatus, Growth, Withdrawal
from linli.ordering.chain.scanning import EMOJI
from linli.ordering.chain.vocabulary import CLOSING
from linli.ordering.chain.wrapping import decode_chain, unwrap

__all__ = ["decode_chain", "new_entries", "read_chain", "same_entry", "write_chain"]

_MARK = "[#＃]\\s*(?:团购|拼团)?(?:接龙|接龍|Group Note)"
_HEADING = re.compile(
    rf"(?:\s|{EMOJI})*(?:{_MARK}|[【\[](?:团购)?接龙[】\]]|接龙(?=[\s:：]|$))\s*[:：]?\s*", re.IGNORECASE
)
_STRAYS = 20
_START = re.compile(_MARK, re.IGNORECASE)


def read_chain(text: str) -> Chain:
    """Read a pasted chain; whatever is not certain comes back `unclear`; text without entries is refused."""
    chains: dict[str, Chain] = {}
    for part in _parts(unwrap(text)):
        chain = _read_part(part)
        if chain.entries:
            chains.pop(chain.title, None)
            chains[chain.title] = chain
    if not chains:
        raise ChainUnreadable("no numbered entries were found")
    title = " / ".join(name for name in chains if name)
    return Chain(title, _counted([entry for chain in chains.values() for entry in chain.entries]))


def _parts(text: str) -> list[str]:
    """Several pasted chains, each from its own heading; text before the first heading is the chat around it."""
    found = [match.start() for match in _START.finditer(text)]
    starts = [start for start in found if not text[max(start - 1, 0) : start].isalnum()]
    if not starts:
        return [text]
    head = text[: starts[0]]
    parts = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    return parts if len(starts) <= 50 and not re.search(r"^\s*1\s*[.、]", head, re.MULTILINE) else [text]


def _read_part(text: str) -> Chain:
    lines = text.split("\n")
    layout = lay_out(lines)
    head = [line for line in layout.head if line.strip()]
    title = ""
    while head and not title:
        line = head.pop(0)
        heading = _HEADING.match(line)
        title = line[heading.end() if heading else 0 :].strip()
    shelf = read_shelf(title, head, layout.listed)
    entries = [
        read_entry(piece.serial, piece.body, piece.source, shelf, first=index == 0 and piece.serial in (0, 1))
        for index, piece in enumerate(layout.pieces)
    ]
    for line in [line for line in layout.behind if line and not CLOSING.search(line)][:_STRAYS]:
        entry = read_entry(None, line, line, shelf, first=False)
        if entry.items and is_name(entry.who) and all(goods_tail(i.goods, shelf.known) for i in entry.items):
            entries.append(replace(entry, status=EntryStatus.UNCLEAR))
    return Chain(title, tuple(entries))


def _counted(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    seen: Counter[str] = Counter()
    counted = []
    for entry in entries:
        saying = entry.saying
        seen[saying] += 1
        counted.append(replace(entry, occurrence=seen[saying]))
    return tuple(counted)


def same_entry(old: Entry, new: Entry) -> bool:
    """Say whether two entries of two pastes are the same entry: same person, place, goods and occurrence."""
    return old.key == new.key


def new_entries(before: Chain | Sequence[str], after: Chain) -> Growth:
    """Compare a newer paste with the earlier chain (or the keys kept from it)."""
    earlier = before.entries if isinstance(before, Chain) else ()
    old = list(before) if not isinstance(before, Chain) else [entry.key for entry in earlier]
    taken_back = {entry.key for entry in earlier if entry.status is EntryStatus.WITHDRAWN}
    known, current = set(old), {entry.key for entry in after.entries}
    gone = [key for key in old if key not in current]
    added: list[Entry] = []
    unchanged: list[Entry] = []
    withdrawn: list[Withdrawal] = []
    for entry in after.entries:
        back = entry.status is EntryStatus.WITHDRAWN and entry.key not in taken_back
        if entry.key in known:
            withdrawn += [Withdrawal(entry.key, entry)] if back else []
            unchanged += [] if back else [entry]
            continue
        same_person = entry.key.split("-")[0] + "-"
        meant = [key for key in gone if key.startswith(same_person)] if back and not entry.items else []
        if len(meant) == 1:
            gone.remove(meant[0])
            withdrawn.append(Withdrawal(meant[0], entry))
        else:
            added.append(entry)
    return Growth(tuple(added), tuple(gone), tuple(withdrawn), tuple(unchanged))


def write_chain(chain: Chain) -> str:
    """Write a chain the way the chat shows it; entries that were not understood are repeated as they were written."""
    lines = [f"#接龙 {chain.title}".rstrip(), ""]
    for number, entry in enumerate(chain.entries, start=1):
        serial = entry.serial if entry.serial is not None else number
        if entry.status is EntryStatus.UNCLEAR and entry.source:
            lines.append(entry.source)
            continue
        items = " ".join(f"{item.goods}{item.quantity.normalize():f}{item.unit}" for item in entry.items)
        place = entry.place if entry.place != entry.who else ""
        withdrawn = "取消" if entry.status is EntryStatus.WITHDRAWN else ""
        said = filter(None, (entry.who, place, items, entry.note, withdrawn))
        lines.append(f"{serial}. {' '.join(said)}")
    return "\n".join(lines)
