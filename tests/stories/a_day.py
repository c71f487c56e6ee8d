"""One day of one region through the API: everybody acts with their own credentials, time passes by tick."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from linli import money
from linli.entry.clock import tick
from linli.money.channels.sandbox_provider import Delivery, over_http
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.people_cast import Cast, Person, done
from tests.supply.depot import ean13

TUESDAY = "2026-11-24"
MINUTE = timedelta(minutes=1)
Json = dict[str, Any]
# name, supplier, storage class, price, cost, pack size, grams
GOODS = (
    ("苹果", "果园", "ambient", 2_100, 1_500, 10, 2_500),
    ("鸡蛋", "果园", "ambient", 1_390, 1_000, 6, 1_800),
    ("牛奶", "乳业", "chilled", 990, 700, 4, 1_050),
)
PRICES = {name: price for name, _, _, price, *_ in GOODS}
COSTS = {name: cost for name, _, _, _, cost, *_ in GOODS}


@dataclass
class Day:
    """A region with its people and the sandbox next door; every act is a request of the person who does it."""

    cast: Cast
    provider: money.SandboxProvider
    payer: httpx2.AsyncClient
    delivered: list[Delivery] = field(default_factory=list)
    leaders: list[Person] = field(default_factory=list)
    office: dict[str, Person] = field(default_factory=dict)
    cycle: Json = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)
    skus: dict[str, str] = field(default_factory=dict)
    suppliers: dict[str, str] = field(default_factory=dict)

    @property
    def installation(self) -> Installation:
        """The installation it lives on."""
        return self.cast.installation

    @property
    def clock(self) -> SteeredClock:
        """The clock of everybody."""
        assert isinstance(self.installation.clock, SteeredClock)
        return self.installation.clock

    @property
    def region_id(self) -> int:
        """The region."""
        return self.cast.region_id

    @property
    def cycle_path(self) -> str:
        """The path of the cycle at the console."""
        return f"/console/cycles/{self.cycle['id']}"

    async def settle(self) -> None:
        """Let everything happen that is due now: the provider's notices, facts, jobs."""
        while await self.provider.deliver_due() + await self.installation.runner.drain(regions=[self.region_id]):
            pass

    async def at(self, instant: str | datetime, plus: timedelta = timedelta()) -> None:
        """Let the time come: a moment of the cycle by its name, or an instant."""
        when = datetime.fromisoformat(self.cycle[instant]) if isinstance(instant, str) else instant
        self.clock.set(max(when + plus, self.clock.now()))
        told = await tick(self.installation, regions=[self.region_id])
        assert "failed" not in told, told
        await self.settle()

    async def later(self, minutes: int) -> None:
        """Let some minutes pass."""
        await self.at(self.clock.now() + minutes * MINUTE)

    async def weeks(self, until: datetime) -> None:
        """Let days pass until an instant; finance looks into the books every third day."""
        while self.clock.now() + timedelta(days=3) < until:
            await self.at(self.clock.now() + timedelta(days=3))
            await self.books()
        await self.at(until)

    async def staff(self) -> None:
        """Hire everybody and open two stations: 王姐 and 周叔."""
        cast = self.cast
        for role in (
            "operator",
            "buyer",
            "finance",
            "customer_service",
            "warehouse_lead",
            "warehouse_worker",
            "driver",
        ):
            self.office[role] = await getattr(cast, role)()
        self.leaders = [await cast.leader("王姐"), await cast.leader("周叔")]

    async def catalogue(self) -> None:
        """Let the buyer enter suppliers, products and terms."""
        buyer, mark = self.office["buyer"], self.region_id
        for number, (name, supplier, storage, _, cost, pack, grams) in enumerate(GOODS):
            if supplier not in self.suppliers:
                made = done(await buyer.post("/console/suppliers", {"name": f"{supplier}{mark}"}))
                self.suppliers[supplier] = made["id"]
            category = {"name": f"{name}类{mark}", "storage_class": storage, "commission_bp": 1_000}
            of = done(await buyer.post("/console/categories", category))["id"]
            size = {"spec": "份", "unit": "份", "gross_g": grams, "barcode": ean13(f"68{mark:06d}{number:04d}")}
            product = {"category_id": of, "name": name, "skus": [size]}
            self.skus[name] = done(await buyer.post("/console/products", product))["skus"][0]["id"]
            terms = {"supplier_id": self.suppliers[supplier], "sku_id": self.skus[name], "price_fen": cost}
            done(await buyer.post("/console/supplies", terms | {"pack_size": pack}))

    async def open_cycle(self, **limits: int) -> None:
        """Publish Tuesday's cycle with all goods (名 = stock limit) and let the clock open it."""
        operator = self.office["operator"]
        self.cycle = done(await operator.post("/console/cycles", {"delivery_date": TUESDAY}))
        for name, sku in self.skus.items():
            offer = {"sku_id": sku, "price_fen": PRICES[name], "stock_limit": limits.get(name)}
            self.offers[name] = done(await operator.post(f"{self.cycle_path}/offers", offer))["id"]
        await self.at("opens_at")

    def basket(self, **goods: int) -> Json:
        """Return the body of an order."""
        lines = [{"offer_id": self.offers[name], "quantity": pieces} for name, pieces in goods.items()]
        worth = sum(PRICES[name] * pieces for name, pieces in goods.items())
        return {"cycle_id": self.cycle["id"], "lines": lines, "expect_payable_fen": worth}

    async def order(self, who: Person, **goods: int) -> Json:
        """Place an order."""
        return done(await who.post("/app/orders", self.basket(**goods)))  # type: ignore[no-any-return]

    async def charge(self, who: Person, *orders: Json) -> Json:
        """Open a charge at the sandbox and wait for its page."""
        body = {"order_ids": [order["id"] for order in orders], "channel": "sandbox"}
        opened = done(await who.post("/app/charges", body))
        await self.settle()
        return done(await who.get(f"/app/charges/{opened['id']}"))  # type: ignore[no-any-return]

    async def press(self, charge: Json) -> int:
        """Press the button on the provider's page; returns the provider's status."""
        return (await self.payer.post(urlsplit(charge["pay_url"]).path, json={})).status_code

    async def pay(self, who: Person, *orders: Json) -> Json:
        """Pay orders by phone, and let the notice come."""
        charge = await self.charge(who, *orders)
        assert await self.press(charge) == 200
        await self.settle()
        return charge

    async def bought(self, who: Person, **goods: int) -> Json:
        """Order and pay."""
        order = await self.order(who, **goods)
        await self.pay(who, order)
        return await self.seen(who, order)

    async def seen(self, who: Person, order: Json) -> Json:
        """Return an order as its member sees it."""
        return done(await who.get(f"/app/orders/{order['id']}"))  # type: ignore[no-any-return]

    async def orders(self) -> list[Json]:
        """Return every order of the cycle as the operator sees it."""
        return await self.list(self.office["operator"], f"{self.cycle_path}/orders")

    async def list(self, who: Person, path: str, **asked: str) -> list[Json]:
        """Return the items of a page."""
        return done(await who.get(path, params={"limit": "200", **asked}))["items"]  # type: ignore[no-any-return]

    async def purchase_orders(self) -> list[Json]:
        """Return the purchase orders of the cycle."""
        return await self.list(self.office["buyer"], "/console/purchase-orders", cycle_id=self.cycle["id"])

    async def night(self) -> None:
        """Let the cycle be cut off and bought for."""
        await self.at("cut_off_at")
        await self.at("grace_until", MINUTE)
        await self.at("demand_at", MINUTE)

    async def receive(self, **short: int) -> None:
        """Let the warehouse sign for what comes, so many pieces short by name, and finish."""
        await self.at("supplier_arrival", -30 * MINUTE)
        worker, names = self.office["warehouse_worker"], {sku: name for name, sku in self.skus.items()}
        for po in done(await worker.get(f"/warehouse/cycles/{self.cycle['id']}/arrivals"))["orders"]:
            lines = []
            for line in po["lines"]:
                less = short.get(names[line["sku_id"]], 0)
                arrived = {"sku_id": line["sku_id"], "accepted": line["quantity"] - less, "short": less, "lot": "L1"}
                cold = {"temperature_tenths": 40} if line["storage_class"] == "chilled" else {}
                lines.append(arrived | cold)
            done(await worker.post("/warehouse/receipts", {"po_id": po["id"], "lines": lines, "signed_by": "老陈"}))
        done(await worker.post(f"/warehouse/cycles/{self.cycle['id']}/receiving-finish"))
        await self.settle()

    async def sort(self) -> Json:
        """Let the worker plan the wave and scan every piece into its tote; returns the wave."""
        worker = self.office["warehouse_worker"]
        wave = done(await worker.post("/warehouse/waves", {"cycle_id": self.cycle["id"]}))
        for task in await self.list(worker, "/warehouse/tasks", cycle_id=self.cycle["id"]):
            path = f"/warehouse/tasks/{task['id']}"
            done(await worker.post(f"{path}/start"))
            for share in task["shares"]:
                scan = {"barcode": task["barcode"], "tote": share["tote_code"], "quantity": share["planned"]}
                done(await worker.post(f"{path}/scan", scan | {"scan_key": f"{task['id']}-{share['tote_id']}"}))
            done(await worker.post(f"{path}/finish", {"short": False}))
        await self.settle()
        return wave  # type: ignore[no-any-return]

    async def van(self) -> None:
        """Register a van for the driver."""
        body = {"plate": f"湘A{self.region_id}", "capacity_g": 900_000, "capacity_ml": 9_000_000}
        body |= {"driver_account_id": str(self.office["driver"].account_id), "shift_from": 0, "shift_until": 1_440}
        done(await self.office["operator"].post("/console/vehicles", body))

    async def drive(self) -> Json:
        """Let the driver load, depart and set every stop's totes down; returns the run."""
        driver = self.office["driver"]
        await self.at("sorted_by", MINUTE)
        [run] = done(await driver.get("/driver/runs"))
        codes = [code for stop in run["stops"] for code in stop["tote_codes"]]
        done(await driver.post(f"/driver/runs/{run['id']}/loading", {"tote_codes": codes}))
        done(await driver.post(f"/driver/runs/{run['id']}/departure"))
        for stop in run["stops"]:
            await self.at(datetime.fromisoformat(stop["arrive_at"]))
            done(await driver.post(f"/driver/stops/{stop['id']}/arrival"))
            done(await driver.post(f"/driver/stops/{stop['id']}/handover", {"totes": stop["totes"]}))
        await self.settle()
        return run  # type: ignore[no-any-return]

    async def sign(self) -> None:
        """Let every leader count and sign."""
        for leader in self.leaders:
            for paper in done(await leader.get("/leader/handovers", params={"cycle_id": self.cycle["id"]})):
                counted = {"totes": paper["expected_totes"]}
                done(await leader.post(f"/leader/handovers/{paper['id']}/receipt", counted))
        await self.settle()

    async def collect(self, leader: Person, code: str) -> list[Json]:
        """Let a leader verify a code at her station."""
        asked = {"station_id": str(leader.station_id), "code": code}
        handed = done(await leader.post("/leader/pickups", asked))
        await self.settle()
        return handed  # type: ignore[no-any-return]

    async def brought(self, **short: int) -> None:
        """Let night, morning and afternoon pass: everything stands at the stations."""
        await self.night()
        await self.receive(**short)
        await self.van()
        await self.sort()
        await self.drive()
        await self.sign()

    async def earnings(self, leader: Person) -> Json:
        """Return what a leader sees of her earnings."""
        return done(await leader.get("/leader/earnings"))  # type: ignore[no-any-return]

    async def books(self) -> dict[str, int]:
        """Prove that the books balance, agree with every room and the provider; returns balances by kind."""
        await self.later(60)  # lines are carried into the ledger in batches, not at once
        await self.later(60)
        finance = self.office["finance"]
        check = done(await finance.get("/console/ledger/check"))
        assert check["differences"] == []
        assert check["balanced"]
        assert check["subledger_agrees"]
        trial = done(await finance.get("/console/ledger/trial-balance"))
        assert trial["debit_fen"] == trial["credit_fen"]
        found: dict[str, int] = {}
        for line in trial["lines"]:
            found[line["kind"]] = found.get(line["kind"], 0) + line["balance_fen"]
        paid, given_back = self.provider.books()
        assert found.get("cash_sandbox", 0) == sum(paid.values()) - sum(given_back.values())
        return found


@asynccontextmanager
async def one_day(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> AsyncIterator[Day]:
    """Give a day in a region, with a sandbox provider of its own beside it."""
    keys = money.SandboxKeys.from_seed(region_id)
    clock, post, delivered = installation.clock, over_http(client), list[Delivery]()

    async def deliver(delivery: Delivery) -> int:
        delivered.append(delivery)
        return await post(delivery)

    provider = money.build_sandbox(keys, clock=clock.now, deliver=deliver)
    before = dict(installation.channels)
    transport = httpx2.ASGITransport(app=provider)
    async with httpx2.AsyncClient(transport=transport, base_url="http://pay.test") as payer:
        channel = money.SandboxChannel(keys.for_merchant(), http=payer, base_url="http://pay.test", clock=clock.now)
        installation.channels.update(sandbox=channel, offline=money.OfflineChannel())
        try:
            yield Day(Cast(client, installation, region_id), provider, payer, delivered)
        finally:
            installation.channels.clear()
            installation.channels.update(before)
            provider.close()
