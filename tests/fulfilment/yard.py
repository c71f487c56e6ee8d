"""The yard of the fulfilment tests: a depot whose goods stand in totes, with vans, drivers and two stations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import event, text

from linli import warehouse
from linli.platform.installation import Installation
from tests.people_cast import Cast, Person, done, new_phone, session_of
from tests.supply.depot import Depot
from tests.warehouse.test_sorting import finish, sort_all, tasks

BASKETS: tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...] = (
    ("李阿姨", 0, (("苹果", 5), ("牛奶", 2))),
    ("赵叔", 0, (("苹果", 6),)),
    ("小陈", 1, (("苹果", 2), ("牛奶", 6))),
)


@dataclass
class Yard:
    """A depot at Tuesday's forenoon; people act through the API."""

    depot: Depot
    operator: Person
    drivers: list[Person] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)

    @classmethod
    async def open(cls, cast: Cast, *, vans: int = 1, capacity_g: int = 500_000) -> Yard:
        """Let three neighbours order, everything arrive, and as many vans with drivers stand ready."""
        depot = await Depot.open(cast)
        yard = cls(depot, await cast.operator())
        for number in range(vans):
            await yard.van(f"湘A{cast.region_id}{number}", capacity_g=capacity_g)
        for who, leader, basket in BASKETS:
            yard.orders.append(await depot.order(who, *basket, leader=leader))
        await depot.night()
        await depot.arrive()
        return yard

    async def van(self, plate: str, *, capacity_g: int = 500_000) -> dict[str, Any]:
        """Add a van with a driver of its own."""
        driver = await self.depot.cast.driver()
        self.drivers.append(driver)
        body = {"plate": plate, "capacity_g": capacity_g, "capacity_ml": 2_000_000}
        body |= {"driver_account_id": str(driver.account_id), "shift_from": 0, "shift_until": 1_440}
        return done(await self.operator.post("/console/vehicles", body))  # type: ignore[no-any-return]

    async def sort(self) -> None:
        """Sort everything into totes, and let handovers and routes be planned."""
        await self.depot.do(lambda tx: warehouse.plan_wave(tx, cycle_id=self.cycle_id))
        for task in await tasks(self.depot):
            await sort_all(self.depot, task)
            await finish(self.depot, task)
        await self.depot.drain()

    @property
    def cycle_id(self) -> int:
        """The cycle that is delivered."""
        return self.depot.cycle_id

    async def plan(self) -> dict[str, Any]:
        """Return the plan as operators see it."""
        return done(await self.operator.get(f"/console/cycles/{self.cycle_id}/runs"))  # type: ignore[no-any-return]

    async def plan_again(self) -> dict[str, Any]:
        """Let the operator plan again and return the new plan."""
        done(await self.operator.post(f"/console/cycles/{self.cycle_id}/route-plan"))
        await self.depot.drain()
        return await self.plan()

    async def runs(self, driver: Person | None = None) -> list[dict[str, Any]]:
        """Return the runs a driver sees."""
        return done(await (driver or self.drivers[0]).get("/driver/runs"))  # type: ignore[no-any-return]

    async def load(self, run: dict[str, Any], driver: Person | None = None) -> httpx2.Response:
        """Scan every tote that the driver's list names."""
        codes = [code for stop in run["stops"] for code in stop["tote_codes"]]
        who = driver or self.drivers[0]
        return await who.post(f"/driver/runs/{run['id']}/loading", {"tote_codes": codes})

    async def depart(self, driver: Person | None = None) -> dict[str, Any]:
        """Load and send off the first run of a driver."""
        who = driver or self.drivers[0]
        run = (await self.runs(who))[0]
        done(await self.load(run, who))
        gone = done(await who.post(f"/driver/runs/{run['id']}/departure"))
        await self.depot.drain()
        return gone  # type: ignore[no-any-return]

    async def drive(self, driver: Person | None = None) -> None:
        """Depart, and set every stop's totes down."""
        who = driver or self.drivers[0]
        for stop in (await self.depart(who))["stops"]:
            done(await who.post(f"/driver/stops/{stop['id']}/arrival"))
            done(await who.post(f"/driver/stops/{stop['id']}/handover", {"totes": stop["totes"]}))
        await self.depot.drain()

    async def handover(self, leader: int = 0) -> dict[str, Any]:
        """Return the handover of a leader's station."""
        [found] = done(await self.leaders[leader].get("/leader/handovers", params={"cycle_id": str(self.cycle_id)}))
        return found  # type: ignore[no-any-return]

    async def sign(self, leader: int = 0, totes: int | None = None) -> httpx2.Response:
        """Let a leader sign for what is expected, or for another count."""
        found = await self.handover(leader)
        counted = found["expected_totes"] if totes is None else totes
        answer = await self.leaders[leader].post(f"/leader/handovers/{found['id']}/receipt", {"totes": counted})
        await self.depot.drain()
        return answer

    async def arrived(self) -> None:
        """Sort, drive and sign: all goods stand at their stations."""
        await self.sort()
        for driver in self.drivers:
            if await self.runs(driver):
                await self.drive(driver)
        for leader in range(len(self.leaders)):
            done(await self.sign(leader))

    @property
    def leaders(self) -> list[Person]:
        """王姐 and 周叔."""
        return self.depot.leaders

    async def code(self, order: int) -> str:
        """Return the pickup code of an order."""
        found = (await self.depot.value(order)).pickup_code
        assert found
        return found

    async def pick_up(self, leader: Person | None = None, **asked: Any) -> httpx2.Response:
        """Verify at the leader's (first leader's) own station unless another is named."""
        who = leader or self.leaders[0]
        return await who.post("/leader/pickups", {"station_id": str(who.station_id), **asked})

    async def messages(self, recipient: str) -> list[str]:
        """Return the events of which somebody was told, oldest first."""
        statement = text("SELECT event FROM people.notices WHERE region_id = :region AND recipient = :to ORDER BY id")

        async def read(tx: Any) -> list[str]:
            return list((await tx.execute(statement, {"region": tx.region_id, "to": recipient})).scalars())

        return await self.depot.do(read)

    async def helper(self, leader: Person) -> Person:
        """Return a helper of a leader, signed in by phone."""
        phone = new_phone()
        done(await leader.post("/leader/helpers", {"name": "小张", "phone": phone}))
        cast = self.depot.cast
        code = (await cast.codes([phone], "leader"))[phone]
        headers = {"Idempotency-Key": f"helper-{phone}"}
        answer = await cast.client.post("/leader/sessions", json={"phone": phone, "code": code}, headers=headers)
        session = session_of("leader", done(answer))
        return Person(leader.id, "小张", cast.client, session, cast.region_id, phone, leader.station_id)

    async def written(self) -> dict[str, Any]:
        """Return what the room has written and where every order stands: equal before and after a refusal."""
        names = ("route_plans", "runs", "stops", "handovers", "pickups")
        counted: dict[str, Any] = {name: await self.depot.count(f"fulfilment.{name}") for name in names}
        counted["orders"] = [await self.depot.value(order) for order in self.orders]
        counted["moves"] = await self.depot.count("platform.moves")
        counted["ledger"] = await self.depot.count("money.entries")
        return counted

    async def next_day(self) -> datetime:
        """Let a day pass."""
        at = self.depot.clock.now() + timedelta(days=1)
        self.depot.clock.set(at)
        return at


@contextmanager
def statements(installation: Installation) -> Iterator[list[str]]:
    """Collect every statement sent to the database in the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = installation.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
