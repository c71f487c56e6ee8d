"""The counter where complaints come in: a collected order, and what the tests of after-sale do and ask."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image
from sqlalchemy import text

from linli import money, ordering
from linli.platform import settings
from linli.platform.database import Tx
from tests.ordering.test_lines import arrived, hand_over
from tests.ordering.village import Village
from tests.people_cast import Person, done

TABLES = "cases claims photos auto_budgets"


@dataclass
class Counter:
    """A village, an order that was collected, and the desk of customer service."""

    village: Village
    order: ordering.OrderValue
    desk: Person

    @classmethod
    async def set_up(cls, village: Village) -> Counter:
        """Let 李阿姨 collect three boxes of apples (39.00) and two bottles of milk (12.50)."""
        order = await arrived(village, (village.apples, 3), (village.milk, 2))
        await hand_over(village, order.id)
        await village.drain()
        return cls(village, await village.value(order.id), await village.cast.customer_service())

    @property
    def apples(self) -> int:
        """The line of apples."""
        return self.order.lines[0].id

    @property
    def milk(self) -> int:
        """The line of milk."""
        return self.order.lines[1].id

    async def photo(self, who: Person | None = None) -> str:
        """Upload a photo; returns its name."""
        file = {"photo": ("peach.jpg", picture(), "image/jpeg")}
        answer = await (who or self.village.lady).post("/app/photos", files=file)
        return str(done(answer)["name"])

    async def complain(self, line_id: int, quantity: int = 1, /, *, who: Person | None = None, **more: Any) -> Any:
        """Send a complaint about rotten pieces with a fresh photo, unless told otherwise; returns the answer."""
        person = who or self.village.lady
        body: dict[str, Any] = {"line_id": str(line_id), "kind": "rotten", "quantity": quantity, "story": "烂了"}
        if "photos" not in more:
            body["photos"] = [await self.photo(person)]
        return await person.post("/app/cases", body | more)

    async def open(self, line_id: int, quantity: int = 1, /, **more: Any) -> dict[str, Any]:
        """Open a case and let the news of it be told."""
        made = done(await self.complain(line_id, quantity, **more))
        await self.village.drain()
        return made  # type: ignore[no-any-return]

    async def decide(self, case: dict[str, Any], **what: Any) -> httpx2.Response:
        """Decide as customer service: the supplier bears it, unless told otherwise."""
        body = {"outcome": "refund", "liability": "supplier", "reply": "抱歉，为您退款"} | what
        return await self.desk.post(f"/console/cases/{case['id']}/decision", body)

    async def decided(self, case: dict[str, Any], **what: Any) -> dict[str, Any]:
        """Decide, and let the news and the money go their ways."""
        answer = done(await self.decide(case, **what))
        await self.village.drain()
        return answer  # type: ignore[no-any-return]

    async def pay_back(self) -> None:
        """Let finance pay back in cash what waits, and the news be told."""
        finance = await self.village.cast.finance()
        waiting = done(await finance.get("/console/refunds?state=accepted"))["items"]
        for refund in waiting:
            done(await finance.post(f"/console/refunds/{refund['id']}/paid-back", {}))
        await self.village.drain()

    async def seen(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return a case as its member sees it."""
        return done(await self.village.lady.get(f"/app/cases/{case['id']}"))  # type: ignore[no-any-return]

    async def line(self, line_id: int) -> ordering.LineValue:
        """Return a line of the order as it stands."""
        return next(line for line in (await self.village.value(self.order.id)).lines if line.id == line_id)

    async def balance(self, kind: str, owner_id: int = 0) -> int:
        """Return a posted balance in fen."""
        await self.village.do(money.post_batches)
        return await self.village.do(lambda tx: money.balance(tx, kind, owner_id))

    async def inbox(self, who: Person) -> list[str]:
        """Return the events that somebody was told about, newest first."""
        path = f"/{who.session.audience}/messages"
        return [message["event"] for message in done(await who.get(path))["items"]]

    async def set(self, name: str, value: Any) -> None:
        """Change a setting of the region from now on."""
        await self.village.do(lambda tx: settings.change(tx, name=name, value=value, valid_from=tx.now, reason="test"))

    async def written(self) -> tuple[Any, ...]:
        """Return what the room wrote and what was refunded: equal before and after a refusal."""
        counted = [await self._sum(f"SELECT count(*) FROM aftersale.{table}") for table in TABLES.split()]
        states = await self._sum("SELECT coalesce(string_agg(state || id, ',' ORDER BY id), '') FROM aftersale.cases")
        held = await self._sum("SELECT coalesce(sum(held_fen * 7 + settled_fen), 0)::bigint FROM aftersale.claims")
        used = await self._sum("SELECT count(case_id) FROM aftersale.photos")
        refunds = await self._sum("SELECT count(*) FROM ordering.line_refunds")
        return (*counted, states, held, used, refunds)

    async def _sum(self, statement: str) -> Any:
        asked = text(f"{statement} WHERE region_id = :region_id")

        async def summed(tx: Tx) -> Any:
            return (await tx.execute(asked, {"region_id": tx.region_id})).scalar_one()

        return await self.village.do(summed)


def picture() -> bytes:
    """Return a small JPEG with a place in its metadata."""
    exif = Image.Exif()
    exif[0x010E] = "芙蓉区春天里3栋201"
    out = BytesIO()
    Image.new("RGB", (40, 30), (200, 120, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()
