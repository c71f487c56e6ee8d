"""What tests of promotions ask of a village: settings, templates, campaigns, and what an order then costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from linli import ordering
from linli.kernel.refusals import Refusal
from linli.ordering import OrderValue, Placement
from linli.platform.database import Tx
from linli.platform.settings import change
from tests.ordering.village import Village
from tests.people_cast import Person, done


async def office(village: Village, path: str, body: Any = None) -> Any:
    """Have the operator write something."""
    return done(await (await village.cast.operator()).post(f"/console{path}", body))


async def template(village: Village, **given: Any) -> dict[str, Any]:
    """Make a template that members may claim: 5 yuan off from 20 yuan on, for a week."""
    body = {
        "title": "满20减5", "form": "amount", "off_fen": 500, "threshold_fen": 2_000, "claimable": True,
        "valid_days": 7,
    }  # fmt: skip
    return await office(village, "/coupon-templates", body | given)  # type: ignore[no-any-return]


async def claimed(who: Person, made: dict[str, Any]) -> str:
    """Let a member claim a coupon and return its id."""
    return done(await who.post("/app/coupons", {"template_id": made["id"]}))["id"]  # type: ignore[no-any-return]


async def coupon(who: Person, coupon_id: str) -> dict[str, Any]:
    """Return one of a member's coupons as the member sees it."""
    return next(one for one in done(await who.get("/app/coupons"))["items"] if one["id"] == coupon_id)


async def quoted(village: Village, who: Person, *lines: tuple[int, int], **using: Any) -> dict[str, Any]:
    """Return the quote of a basket under chosen promotions."""
    wanted = [{"offer_id": str(offer), "quantity": quantity} for offer, quantity in lines]
    body = {"cycle_id": str(village.cycle_id), "lines": wanted, "using": using}
    return done(await who.post("/app/quotes", body))  # type: ignore[no-any-return]


async def ordered(village: Village, who: Person, *lines: tuple[int, int], **using: Any) -> dict[str, Any]:
    """Place an order for what its quote says."""
    expect = (await quoted(village, who, *lines, **using))["payable_fen"]
    return await village.order(who, *lines, expect=expect, using=using)


async def paid(village: Village, who: Person, *lines: tuple[int, int], **using: Any) -> dict[str, Any]:
    """Place an order and pay it."""
    placed = await ordered(village, who, *lines, **using)
    await village.money_comes((await village.charge(who, placed["id"]))["id"])
    return await village.seen(who, placed["id"])


async def running(village: Village, **more: Any) -> dict[str, Any]:
    """Return the times of a campaign that runs for a week from yesterday on."""
    now = village.clock.now()
    times = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=7)}
    return {name: at.isoformat() for name, at in times.items()} | more


async def setting(village: Village, **given: Any) -> None:
    """Set settings of the region from now on; `points__sign_in` is points.sign_in."""

    async def work(tx: Tx) -> None:
        for name, value in given.items():
            await change(tx, name=name.replace("__", "."), value=value, valid_from=tx.now, reason="test")

    await village.do(work)


async def rows(village: Village, *tables: str) -> list[int]:
    """Count the region's rows of tables of the room."""

    async def work(tx: Tx) -> list[int]:
        found = []
        for name in tables:
            statement = text(f"SELECT count(*) FROM marketing.{name} WHERE region_id = :region_id")
            found.append(int((await tx.execute(statement, {"region_id": tx.region_id})).scalar_one()))
        return found

    return await village.do(work)


async def place(
    village: Village, who: Person, *lines: tuple[int, int], expect: int | None = None, **using: Any
) -> OrderValue | Refusal:
    """Place an order in a transaction of its own, as another process would; returns the order or the refusal."""
    wanted = Placement(
        who.id, village.cycle_id, lines, f"member:{who.id}", expect_payable_fen=expect, using=using
    )  # fmt: skip
    try:
        return await village.do(lambda tx: ordering.place(tx, placement=wanted))
    except Refusal as refusal:
        return refusal


async def placed_at_once(*orders: Awaitable[OrderValue | Refusal]) -> tuple[list[OrderValue], list[str]]:
    """Let several processes place orders at the same time; returns the orders, and the codes of the refusals."""
    answers = await asyncio.gather(*orders)
    placed = [answer for answer in answers if not isinstance(answer, Refusal)]
    return placed, [answer.code for answer in answers if isinstance(answer, Refusal)]
