"""Pure questions about the tree of categories and the commission they may set."""

from __future__ import annotations

from collections.abc import Mapping

from linli.catalog.category.model import Band, CategoryValue


def line_of(parents: Mapping[int, int | None], category_id: int | None) -> list[int]:
    """Return a category and its ancestors, from the category up to the top; a ring ends where it closes."""
    line: list[int] = []
    while category_id is not None and category_id not in line:
        line.append(category_id)
        category_id = parents.get(category_id)
    return line


def height_of(parents: Mapping[int, int | None], category_id: int) -> int:
    """Return how many levels a category and everything below it take."""
    depth = len(line_of(parents, category_id))
    below = [line for line in (line_of(parents, each) for each in parents) if category_id in line]
    return max((len(line) for line in below), default=depth) - depth + 1


def move_trouble(parents: Mapping[int, int | None], category_id: int, under: int | None, levels: int) -> str:
    """Return why a category cannot hang there: "ring" or "too_deep"; empty when it can."""
    above = line_of(parents, under)
    if category_id in above:
        return "ring"
    if len(above) + height_of(parents, category_id) > levels:
        return "too_deep"
    return ""


def commission_of(given_bp: int | None, band: Band | None) -> int | None:
    """Return the default commission: what was given when it lies in the band, the band's middle when nothing was.

    None means that it cannot stand: outside the band, or nothing given where no band says what is usual.
    """
    if band is None:
        return given_bp
    if given_bp is None:
        return (band.least_bp + band.most_bp) // 2
    return given_bp if band.least_bp <= given_bp <= band.most_bp else None


def paths(tree: Mapping[int, CategoryValue]) -> dict[int, str]:
    """Return how each category is written out with its ancestors: 食品/水果/柑橘."""
    parents = {id: each.parent_id for id, each in tree.items()}
    return {id: "/".join(tree[up].name for up in reversed(line_of(parents, id))) for id in tree}
