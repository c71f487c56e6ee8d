"""Pure rules of a pasted chain: which offer a name means, and whether a paste is a chain that was pasted before."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from linli.kernel.width import half_width
from linli.ordering.draft.model import Goods, Match

ANY_UNIT = frozenset({"", "份", "件", "单"})
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
NOISE = re.compile(r"[\s·,，。.、\-_/|*+]+")


def plain(text: str) -> str:
    """Return a name as it is compared: half width, lower case, without spaces and punctuation."""
    return NOISE.sub("", half_width(text).lower())


def names_of(goods: Goods) -> frozenset[str]:
    """Return the names people write for an offer: with or without its spec and what stands in brackets."""
    full = half_width(goods.name)
    spelled = (full, full + goods.spec, goods.spec + full, BRACKETS.sub("", full))
    return frozenset(name for name in map(plain, spelled) if name)


def match_item(name: str, quantity: Decimal, unit: str, shelf: Sequence[Goods], known: Mapping[str, int]) -> Match:
    """Say which offer an item means: by its exact name, a taught name, or as the only one that ends so.

    Whatever is not certain (several offers, another unit, no whole number of pieces) is left to a person.
    """
    wanted = plain(name)
    found = _candidates(wanted, shelf, known)
    ids = tuple(goods.offer_id for goods in found)
    if not found:
        return Match(None, _pieces(quantity), _near(wanted, shelf), "unknown_goods")
    if len(found) > 1:
        return Match(None, _pieces(quantity), ids, "ambiguous_goods")
    if _pieces(quantity) is None:
        return Match(None, None, ids, "no_whole_number")
    if plain(unit) not in ANY_UNIT and plain(unit) != plain(found[0].unit):
        return Match(None, _pieces(quantity), ids, "other_unit")
    return Match(ids[0], _pieces(quantity), ids, "")


def _candidates(wanted: str, shelf: Sequence[Goods], known: Mapping[str, int]) -> list[Goods]:
    if not wanted:
        return []
    exact = [goods for goods in shelf if wanted in names_of(goods)]
    if exact:
        return exact
    taught = [goods for goods in shelf if known.get(wanted) == goods.offer_id]
    return taught or [goods for goods in shelf if any(name.endswith(wanted) for name in names_of(goods))]


def _near(wanted: str, shelf: Sequence[Goods]) -> tuple[int, ...]:
    if not wanted:
        return ()
    return tuple(g.offer_id for g in shelf if any(wanted in name or name in wanted for name in names_of(g)))[:10]


def _pieces(quantity: Decimal) -> int | None:
    whole = quantity == quantity.to_integral_value() and 1 <= quantity <= 9_999
    return int(quantity) if whole else None


def same_chain(title: str, keys: Collection[str], earlier: Iterable[tuple[int, str, Collection[str]]]) -> int | None:
    """Return which earlier chain (id, title, keys) a paste continues, by shared entries or title."""
    now = frozenset(keys)
    best: tuple[int, int] | None = None
    for chain_id, old_title, old_keys in earlier:
        shared = len(now & frozenset(old_keys))
        mostly = shared * 2 >= min(len(now), len(old_keys)) and shared > 0
        if mostly or plain(title) == plain(old_title):
            best = max(best or (-1, 0), (shared, chain_id))
    return best[1] if best else None
