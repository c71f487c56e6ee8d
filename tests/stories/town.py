"""A town with everybody in it: one delivered day, one day being ordered, and the ids of what belongs to whom."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import httpx2
from PIL import Image
from sqlalchemy import func, select

from linli import people, sale
from linli.platform.access import issue_token, read_token
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.manifest import metadata
from tests.people_cast import Cast, Person, done, new_phone
from tests.supply.depot import Depot

WEDNESDAY = date(2026, 11, 25)
NOBODY = str((1 << 62) + 7)
UNCOUNTED = frozenset({"platform.answers"})  # the stored answers of writes that did go through
OFFICE = ("administrator", "operator", "buyer", "finance", "customer_service", "warehouse_lead")
CHAIN = "#接龙\n明天团购\n1. 李阿姨 3栋 苹果2份\n2. 赵叔 5栋 鸡蛋1份"


@dataclass
class Town:
    """One region: its depot, one person for every role, and the ids of their things by name."""

    depot: Depot
    who: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    tote: str = ""
    photo: str = ""

    @property
    def cast(self) -> Cast:
        """The people of the region."""
        return self.depot.cast

    @property
    def region_id(self) -> int:
        """The region."""
        return self.cast.region_id

    @classmethod
    async def built(cls, cast: Cast) -> Town:
        """Build it: Tuesday's goods are sorted and on a van's list, Wednesday is being ordered."""
        town = cls(await Depot.open(cast))
        await town._people()
        await town._evening()
        await town._night_and_morning()
        await town._afternoon()
        await town._next_evening()
        return town

    async def _people(self) -> None:
        cast, (leader, other) = self.cast, self.depot.leaders
        lady, uncle = await cast.members(["李阿姨", "赵叔"], leader)
        far = await cast.member("远邻", other)
        supplier = await cast.supplier(self.depot.goods["苹果"].supplier_id)
        rival = await cast.supplier(self.depot.goods["牛奶"].supplier_id)
        self.who = {role: await getattr(cast, role)() for role in OFFICE} | {
            "warehouse_worker": await cast.warehouse_worker(), "driver": await cast.driver(),
            "other_driver": await cast.driver(), "leader": leader, "other_leader": other, "helper": leader,
            "member": lady, "other_member": uncle, "far_member": far, "supplier": supplier, "other_supplier": rival,
        }  # fmt: skip
        self.who["helper"] = await self._helper(leader)

    async def _helper(self, leader: Person) -> Person:
        phone = new_phone()
        made = done(await leader.post("/leader/helpers", {"name": "小张", "phone": phone}))
        self.ids["helper"] = made["account_id"]
        session = await self.cast._sign_in("leader", phone, {})
        return replace(leader, name="小张", session=session, phone=phone)

    async def _evening(self) -> None:
        depot, lady = self.depot, self.who["member"]
        van = {
            "plate": f"湘A{self.region_id}", "capacity_g": 900_000, "capacity_ml": 9_000_000, "chilled": True,
            "driver_account_id": str(self.who["driver"].account_id), "shift_from": 0, "shift_until": 1_440,
        }  # fmt: skip
        self.ids["vehicle"] = done(await self.who["operator"].post("/console/vehicles", van))["id"]
        apples = depot.goods["苹果"]
        basket = self.basket(depot.cycle_id, apples.offer_id, apples.price_fen, payment="offline")
        placed = done(await lady.post("/app/orders", basket))
        paid = {"amount_fen": apples.price_fen, "way": "cash"}
        done(await self.who["leader"].post(f"/leader/orders/{placed['id']}/payment", paid))
        self.ids["order"] = placed["id"]
        self.ids["line"] = placed["lines"][0]["id"]
        self.ids["neighbours_order"] = str(await depot.order("王叔", ("鸡蛋", 3), ("牛奶", 2), leader=1))
        await depot.drain()

    async def _night_and_morning(self) -> None:
        depot, worker = self.depot, self.who["warehouse_worker"]
        await depot.night()
        await depot.arrive(鸡蛋=18)
        orders = await depot.orders_of()
        self.ids["purchase_order"] = str(orders[depot.goods["苹果"].supplier_id].id)
        self.ids["rivals_purchase_order"] = str(orders[depot.goods["牛奶"].supplier_id].id)
        receipts = f"/console/purchase-orders/{self.ids['purchase_order']}/receipts"
        self.ids["receipt"] = done(await self.who["warehouse_lead"].get(receipts))[0]["id"]
        done(await worker.post("/warehouse/waves", {"cycle_id": str(depot.cycle_id)}))
        for task in done(await worker.get("/warehouse/tasks"))["items"]:
            await self._sorted(worker, task)
        await depot.drain()
        handovers = done(await self.who["leader"].get("/leader/handovers"))
        others = done(await self.who["other_leader"].get("/leader/handovers"))
        run = done(await self.who["driver"].get("/driver/runs"))[0]
        self.ids |= {
            "handover": handovers[0]["id"], "others_handover": others[0]["id"], "run": run["id"],
            "stop": run["stops"][0]["id"],
        }  # fmt: skip

    async def _afternoon(self) -> None:
        driver, leader, lady, ids = self.who["driver"], self.who["leader"], self.who["member"], self.ids
        listed = f"/console/cycles/{self.depot.cycle_id}/totes"
        codes = [tote["code"] for tote in done(await self.who["warehouse_lead"].get(listed))]
        done(await driver.post(f"/driver/runs/{ids['run']}/loading", {"tote_codes": codes}))
        done(await driver.post(f"/driver/runs/{ids['run']}/departure"))
        stops = done(await driver.get("/driver/runs"))[0]["stops"]
        mine = next(stop for stop in stops if stop["station_id"] == str(leader.station_id))
        done(await driver.post(f"/driver/stops/{mine['id']}/arrival"))
        done(await driver.post(f"/driver/stops/{mine['id']}/handover", {"totes": mine["totes"]}))
        done(await leader.post(f"/leader/handovers/{ids['handover']}/receipt", {"totes": mine["totes"]}))
        await self.depot.drain()
        collected = {"station_id": str(leader.station_id), "order_ids": [ids["order"]]}
        done(await leader.post("/leader/pickups", collected))
        await self.depot.drain()
        uploaded = await lady.call("POST", "/app/photos", content=picture(), headers={"Content-Type": "image/png"})
        self.photo = done(uploaded)["name"]
        story = {"line_id": ids["line"], "kind": "damaged", "quantity": 1, "story": "压坏了", "photos": [self.photo]}
        self.ids["case"] = done(await lady.post("/app/cases", story))["id"]

    async def _sorted(self, worker: Person, task: Mapping[str, Any]) -> None:
        path = f"/warehouse/tasks/{task['id']}"
        done(await worker.post(f"{path}/start"))
        for share in task["shares"]:
            scan = {"barcode": task["barcode"], "tote": share["tote_code"], "quantity": share["planned"]}
            done(await worker.post(f"{path}/scan", scan | {"scan_key": f"{task['id']}-{share['tote_id']}"}))
        done(await worker.post(f"{path}/finish", {"short": False}))
        self.ids["task"], self.tote = task["id"], task["shares"][0]["tote_code"]

    async def _next_evening(self) -> None:
        depot, lady, leader = self.depot, self.who["member"], self.who["leader"]
        cycle_id = await depot.do(lambda tx: sale.publish(tx, delivery_date=WEDNESDAY))
        offers = {}
        for name, goods in depot.goods.items():
            offers[name] = await depot.do(
                lambda tx, goods=goods: sale.list_offer(  # type: ignore[misc]
                    tx, cycle_id=cycle_id, sku_id=goods.sku_id, price_fen=goods.price_fen, stock_limit=5_000
                )
            )
        await depot.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
        basket = self.basket(cycle_id, offers["苹果"], depot.goods["苹果"].price_fen)
        open_order, charged = [done(await lady.post("/app/orders", basket))["id"] for _ in range(2)]
        charge = done(await lady.post("/app/charges", {"order_ids": [charged], "channel": "offline"}))
        pasted = {"cycle_id": str(cycle_id), "station_id": str(leader.station_id), "text": CHAIN}
        chain = done(await leader.post("/leader/chains", pasted))
        self.ids |= {
            "cycle": str(depot.cycle_id), "open_cycle": str(cycle_id), "offer": str(offers["苹果"]),
            "milk_offer": str(offers["牛奶"]), "open_order": open_order, "charged_order": charged,
            "charge": charge["id"], "chain": chain["id"], "chain_entry": chain["entries"][0]["id"],
            "station": str(leader.station_id), "others_station": str(self.who["other_leader"].station_id),
            "leader": str(leader.id), "member": str(lady.id), "community": str(await self.cast.community()),
            "sku": str(depot.goods["苹果"].sku_id), "supplier": str(depot.goods["苹果"].supplier_id),
            "account": str(self.who["driver"].account_id),
        }  # fmt: skip
        skus = done(await self.who["buyer"].get("/console/products", params={"limit": 200}))["items"]
        product = next(one for one in skus if self.ids["sku"] in [size["id"] for size in one["skus"]])
        self.ids |= {"product": product["id"], "category": product["category_id"]}

    def basket(self, cycle_id: int | str, offer_id: int | str, price_fen: int, **more: Any) -> dict[str, Any]:
        """Return the body of an order of one piece."""
        lines = [{"offer_id": str(offer_id), "quantity": 1}]
        return {"cycle_id": str(cycle_id), "lines": lines, "expect_payable_fen": price_fen, **more}

    def headers(self, role: str) -> dict[str, str]:
        """Return what a person of a role sends along; the token is signed by the house and cannot be signed out."""
        if role == "anonymous":
            return {}
        person = self.who[role]
        key, now = self.depot.installation.key, self.depot.clock.now()
        began = self.depot.installation.clock.now().replace(year=2020)
        lasting = replace(read_token(key, person.token, began), session_id=0)
        said = {"Authorization": f"Bearer {issue_token(key, lasting, now)}"}
        return said | ({"Linli-Region": str(self.region_id)} if lasting.region_id == 0 else {})


def picture() -> bytes:
    """Return a small photo."""
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), (120, 30, 30)).save(kept, "PNG")
    return kept.getvalue()


async def another_town(installation: Installation, client: httpx2.AsyncClient, number: int) -> Town:
    """Build a second town in a region of that number."""
    await installation.db.run(lambda tx: people.add_region(tx, region_id=number, name=f"邻市{number}"), 0, by="test")
    return await Town.built(Cast(client, installation, number))


async def rows_of(installation: Installation, *region_ids: int) -> dict[str, int]:
    """Count the rows of every table in these regions and of all reference tables: equal before and after a refusal."""

    async def counted(tx: Tx) -> dict[str, int]:
        found = {}
        for name, table in sorted(metadata.tables.items()):
            if name not in UNCOUNTED:
                rows = select(func.count()).select_from(table)
                here = rows.where(table.c.region_id.in_(region_ids)) if "region_id" in table.c else rows
                found[name] = int(await tx.scalar(here))
        return found

    return await installation.db.run(counted, 0, by="test")
