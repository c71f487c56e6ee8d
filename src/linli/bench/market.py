"""The market of a bench: a region with stations, signed-in members and an open cycle, all made through the API."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2

from linli.platform.clock import SystemClock
from linli.rehearsal import Person, Wire

REGION, STATIONS = 440_300, 20
LARGE_STOCK, LARGE_LIMIT, RUSH_STOCK = 5_000_000, 9_999, 100
PASSWORD = "Scratch-only-9d1f"
PRICES = (690, 1_290, 1_990, 2_580, 3_680)


@dataclass(frozen=True)
class Surroundings:
    """What the entry gives a bench: a client of the application, an invitation, jobs that run, text messages."""

    http: httpx2.AsyncClient
    invitation: str
    drain: Callable[[], Awaitable[int]]
    sms_log: Path


@dataclass(frozen=True)
class Market:
    """An open cycle, its offers with prices in fen, and the members' tokens; the last offer is scarce."""

    cycle_id: str
    offers: list[tuple[str, int]]
    scarce: tuple[str, int]
    tokens: list[str]

    def basket(self, lines: list[tuple[tuple[str, int], int]]) -> str:
        """Return the body of an order of (offer, pieces)."""
        wanted = [{"offer_id": offer_id, "quantity": pieces} for (offer_id, _), pieces in lines]
        worth = sum(price * pieces for (_, price), pieces in lines)
        return json.dumps({"cycle_id": self.cycle_id, "lines": wanted, "expect_payable_fen": worth})

    def spread(self, count: int, seed: int = 1) -> list[str]:
        """Return baskets of three lines over all offers."""
        chance = random.Random(f"baskets-{seed}")
        return [
            self.basket([(offer, chance.choice((1, 1, 1, 2))) for offer in chance.sample(self.offers, 3)])
            for _ in range(count)
        ]

    def hot(self, count: int, seed: int = 1) -> list[str]:
        """Return baskets of three lines of which four in five hold the same offer."""
        chance = random.Random(f"hot-{seed}")
        star, others = self.offers[0], self.offers[1:]
        found = []
        for number in range(count):
            lines = chance.sample(others, 3)
            if number % 5:
                lines[chance.randrange(3)] = star
            found.append(self.basket([(offer, 1) for offer in lines]))
        return found

    def rush(self) -> list[str]:
        """Return the one basket everybody wants: a piece of what there is little of."""
        return [self.basket([(self.scarce, 1)])]


async def open_market(around: Surroundings, *, members: int, offers: int, today: date) -> Market:
    """Found the market; the cycle is delivered in two days, so that its cut-off is hours away at any time of day."""
    wire = Wire(around.http, SystemClock().now)
    chief = Person(wire, "console", "chief")
    await chief.post(
        "/console/first-administrator", {"token": around.invitation, "login": "bench", "password": PASSWORD}
    )
    chief.take(await chief.post("/console/sessions", {"login": "bench", "password": PASSWORD}))
    await chief.post("/console/regions", {"number": REGION, "name": "量尺"})
    chief.region = REGION
    skus = await _goods(chief, offers + 1)
    stations = await _stations(chief)
    cycle_id = (await chief.post("/console/cycles", {"delivery_date": (today + timedelta(days=2)).isoformat()}))["id"]
    listed = []
    for number, (sku_id, price) in enumerate(skus):
        stock = RUSH_STOCK if number == offers else LARGE_STOCK
        terms = {
            "sku_id": sku_id,
            "price_fen": price,
            "stock_limit": stock,
            "per_order_limit": 99,
            "per_cycle_limit": LARGE_LIMIT,
        }
        offer = await chief.post(f"/console/cycles/{cycle_id}/offers", terms)
        listed.append((offer["id"], price))
    await chief.post(f"/console/cycles/{cycle_id}/opening")
    tokens = await _members(wire, around, stations, members)
    return Market(cycle_id, listed[:-1], listed[-1], tokens)


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


async def _members(wire: Wire, around: Surroundings, stations: list[str], count: int) -> list[str]:
    phones = [f"137{number:08d}" for number in range(count)]
    anybody = Person(wire, "app")
    for phone in phones:
        await anybody.post("/app/codes", {"phone": phone})
    await around.drain()
    codes = _codes(around.sms_log)
    tokens = []
    for number, phone in enumerate(phones):
        body: dict[str, Any] = {
            "phone": phone, "code": codes[phone], "region": REGION, "station_id": stations[number % len(stations)],
            "nickname": f"邻居{number}",
        }  # fmt: skip
        tokens.append(str((await Person(wire, "app").post("/app/sessions", body))["access"]))
    return tokens


def _codes(sms_log: Path) -> dict[str, str]:
    found = {}
    for line in sms_log.read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        digits = "".join(c if c.isdigit() else " " for c in message["text"]).split()
        found[message["to"]] = next(number for number in digits if len(number) == 6)
    return found
