"""The market of a bench: a region with stations, signed-in members and an open cycle, all made through the API."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta

import httpx2

from linli.bench import database
from linli.kernel.ids import make_id
from linli.platform.access import Caller, issue_token
from linli.platform.clock import SystemClock
from linli.rehearsal import Person, Wire

REGION, STATIONS = 440_300, 20
OFFERS, FLASH, COUPON_FEN, HOT_SHARE = 200, 20, 200, 0.8
LARGE_STOCK, LARGE_LIMIT, RUSH_STOCK = 5_000_000, 9_999, 100
PASSWORD = "Scratch-only-9d1f"
PRICES = (690, 1_290, 1_990, 2_580, 3_680)


@dataclass(frozen=True)
class Surroundings:
    """What the entry gives a bench: a client of the application, an invitation, the signing key, the database."""

    http: httpx2.AsyncClient
    invitation: str
    key: bytes
    url: str


@dataclass(frozen=True)
class Market:
    """An open cycle, its offers with prices in fen (some at a flash price), the members' tokens, and their coupons as
    (whose token, coupon); the last offer is scarce."""

    cycle_id: str
    offers: list[tuple[str, int]]
    flash: list[tuple[str, int]]
    scarce: tuple[str, int]
    tokens: list[str]
    coupons: list[tuple[int, str]]

    def basket(self, lines: list[tuple[tuple[str, int], int]], coupon: str = "") -> str:
        """Return the body of an order of (offer, pieces), with a coupon when one is named."""
        wanted = [{"offer_id": offer_id, "quantity": pieces} for (offer_id, _), pieces in lines]
        worth = sum(price * pieces for (_, price), pieces in lines) - (COUPON_FEN if coupon else 0)
        body = {"cycle_id": self.cycle_id, "lines": wanted, "expect_payable_fen": worth}
        return json.dumps(body | ({"using": {"coupon": [coupon]}} if coupon else {}))

    def spread(self, count: int, seed: int = 1) -> list[str]:
        """Return baskets of three lines over all offers; in one of ten a line is a flash offer."""
        chance = random.Random(f"baskets-{seed}")
        found = []
        for number in range(count):
            lines = [(offer, chance.choice((1, 1, 1, 2))) for offer in chance.sample(self.offers, 3)]
            if number % 10 == 0:
                lines[0] = (chance.choice(self.flash), 1)
            found.append(self.basket(lines))
        return found

    def couponed(self, hot: bool) -> list[tuple[int, str]]:
        """Return a basket for every coupon, with whose token it is to be sent; each can be sent once."""
        chance = random.Random("coupons")
        found = []
        for whose, coupon in self.coupons:
            lines = chance.sample(self.offers[1:], 3)
            if hot and chance.random() < HOT_SHARE:
                lines[chance.randrange(3)] = self.offers[0]
            found.append((whose, self.basket([(offer, 1) for offer in lines], coupon)))
        chance.shuffle(found)
        return found

    def hot(self, count: int, seed: int = 1) -> list[str]:
        """Return baskets of three lines of which four in five hold the same offer."""
        chance = random.Random(f"hot-{seed}")
        star, others = self.offers[0], self.offers[1:]
        found = []
        for number in range(count):
            lines = chance.sample(others, 3)
            if number % 10 == 0:
                lines[0] = chance.choice(self.flash)
            if number % 5:
                lines[1 + chance.randrange(2)] = star
            found.append(self.basket([(offer, 1) for offer in lines]))
        return found

    def rush(self) -> list[str]:
        """Return the one basket everybody wants: a piece of what there is little of."""
        return [self.basket([(self.scarce, 1)])]


async def open_market(around: Surroundings, *, members: int, coupons: int, today: date) -> Market:
    """Found the market; the cycle is delivered in two days, so that its cut-off is hours away at any time of day."""
    wire = Wire(around.http, SystemClock().now)
    chief = Person(wire, "console", "chief")
    await chief.post(
        "/console/first-administrator", {"token": around.invitation, "login": "bench", "password": PASSWORD}
    )
    chief.take(await chief.post("/console/sessions", {"login": "bench", "password": PASSWORD}))
    await chief.post("/console/regions", {"number": REGION, "name": "量尺"})
    chief.region = REGION
    skus = await _goods(chief, OFFERS + 1)
    stations = await _stations(chief)
    cycle_id = (await chief.post("/console/cycles", {"delivery_date": (today + timedelta(days=2)).isoformat()}))["id"]
    listed = [await _offer(chief, cycle_id, number, *goods) for number, goods in enumerate(skus)]
    flash = [await _offer(chief, cycle_id, number, *goods, kind="flash") for number, goods in enumerate(skus[:FLASH])]
    await chief.post(f"/console/cycles/{cycle_id}/opening")
    member_ids = await asyncio.to_thread(database.enrol, around.url, REGION, [int(id) for id in stations], members)
    handed_out = await _coupons(chief, around, member_ids, coupons) if coupons else []
    return Market(cycle_id, listed[:-1], flash, listed[-1], _tokens(around, member_ids), handed_out)


async def _offer(
    chief: Person, cycle_id: str, number: int, sku_id: str, price: int, kind: str = "normal"
) -> tuple[str, int]:
    scarce = kind == "normal" and number == OFFERS
    fen = price * 9 // 10 if kind == "flash" else price
    terms = {
        "sku_id": sku_id, "kind": kind, "price_fen": fen,
        "stock_limit": RUSH_STOCK if scarce else LARGE_STOCK, "per_order_limit": 99,
        # One offer in four limits what a member may take in a cycle; that is what offers with a limit cost.
        "per_cycle_limit": LARGE_LIMIT if number % 4 == 0 or kind == "flash" else None,
    }  # fmt: skip
    made = await chief.post(f"/console/cycles/{cycle_id}/offers", terms)
    return made["id"], fen


async def _coupons(chief: Person, around: Surroundings, member_ids: list[int], count: int) -> list[tuple[int, str]]:
    template = {
        "title": "满10减2", "form": "amount", "off_fen": COUPON_FEN, "threshold_fen": 1_000,
        "stock": 10_000_000, "budget_fen": 10**10, "per_member": 1_000, "valid_days": 9,
    }  # fmt: skip
    made = await chief.post("/console/coupon-templates", template)
    each = -(-count // len(member_ids))
    ids = await asyncio.to_thread(database.hand_out, around.url, REGION, int(made["id"]), member_ids, each)
    return [(number // each, str(coupon_id)) for number, coupon_id in enumerate(ids)]


async def _goods(chief: Person, count: int) -> list[tuple[str, int]]:
    category = {"name": "量尺用品", "storage_class": "ambient", "commission_bp": 1_000}
    category_id = (await chief.post("/console/categories", category))["id"]
    supplier_id = (await chief.post("/console/suppliers", {"name": "量尺供应商"}))["id"]
    found = []
    for number in range(count):
        size = {"spec": "一份", "unit": "份", "gross_g": 550, "net_g": 500, "volume_ml": 800}
        made = await chief.post(
            "/console/products", {"category_id": category_id, "name": f"商品{number:03d}", "skus": [size]}
        )
        sku_id, price = made["skus"][0]["id"], PRICES[number % len(PRICES)]
        await chief.post("/console/supplies", {"supplier_id": supplier_id, "sku_id": sku_id, "price_fen": price // 2})
        found.append((sku_id, price))
    return found


async def _stations(chief: Person) -> list[str]:
    found = []
    for number in range(STATIONS):
        place = {"lat_e6": 22_540_000 + number * 4_000, "lng_e6": 114_050_000}
        community = await chief.post(
            "/console/communities", {"name": f"小区{number}", "address": "量尺路", "households": 900, **place}
        )
        leader = await chief.post("/console/leaders", {"name": f"团长{number}", "phone": f"136{number:08d}"})
        station = {"community_id": community["id"], "leader_id": leader["id"], "name": f"自提点{number}"}
        found.append((await chief.post("/console/stations", station))["id"])
    return found


def _tokens(around: Surroundings, member_ids: list[int]) -> list[str]:
    now = SystemClock().now()
    may = frozenset({"shop.browse", "order.place", "order.own", "charge.open", "profile.own"})
    sessions = (make_id(REGION, date(2020, 1, 4), number) for number in range(1, len(member_ids) + 1))
    return [
        issue_token(around.key, Caller(number, "app", REGION, may, member_id, session_id), now)
        for number, (member_id, session_id) in enumerate(zip(member_ids, sessions, strict=True), start=1)
    ]
