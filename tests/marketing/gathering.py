"""What tests of teams, bargains and bundles ask of a village: special offers, more neighbours, teams and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from linli import ordering
from linli.kernel.price import Basket, Buyer, Item, price
from linli.kernel.refusals import Refusal
from linli.marketing.promotion.commands import PROMOTIONS
from linli.marketing.promotion.model import Ask
from linli.platform.database import Tx
from tests.marketing.stall import ordered, paid
from tests.ordering.village import Village
from tests.people_cast import Person, done

TEAM = {"price_fen": 1_000, "size": 3, "hours": 2}
PLUMS = ("李子", "5斤", "箱", 1_500)


async def offered(village: Village, kind: str, **terms: Any) -> int:
    """List boxes of plums of a kind at 15.00 in the open cycle; they cost 7.50."""
    return await village._offer(village.cycle_id, *PLUMS, {"kind": kind, **terms})


async def team_offer(village: Village, **terms: Any) -> int:
    """List plums that are sold in teams: 10.00 for three members within two hours, unless told otherwise."""
    offer_id = await offered(village, "team")
    operator = await village.cast.operator()
    done(await operator.put(f"/console/offers/{offer_id}/team", {**TEAM, **terms}))
    return offer_id


async def neighbours(village: Village, count: int) -> list[Person]:
    """Return so many members of the village's station, the two first ones among them."""
    more = [f"邻居{number}" for number in range(count - 2)]
    made = await village.cast.members(more, village.leader) if more else []
    return [village.lady, village.uncle, *made][:count]


async def opened(village: Village, who: Person, offer_id: int, *, pay: bool = True, consent: bool = False) -> str:
    """Let a member open a team; returns its id."""
    act = paid if pay else ordered
    await act(village, who, (offer_id, 1), team={"open": True, "consent": consent})
    found = done(await who.get(f"/app/offers/{offer_id}/teams"))["items"]
    return str(max(found, key=lambda team: int(team["id"]))["id"])


async def joined(
    village: Village, who: Person, offer_id: int, team_id: str, *, pay: bool = True, consent: bool = False
) -> dict[str, Any]:
    """Let a member join a team; returns the order."""
    act = paid if pay else ordered
    return await act(village, who, (offer_id, 1), team={"join": team_id, "consent": consent})


async def team(village: Village, who: Person, team_id: str) -> dict[str, Any]:
    """Return a team as a member sees it."""
    return done(await who.get(f"/app/teams/{team_id}"))  # type: ignore[no-any-return]


async def states(village: Village, who: Person) -> list[str]:
    """Return the states of a member's orders, the latest first."""
    return [order["state"] for order in done(await who.get("/app/orders"))["items"]]


async def time_is_over(village: Village, hours: int = 3) -> int:
    """Let hours pass, unpaid holds expire, and due teams end; returns how many ended."""
    village.clock.set(village.clock.now() + timedelta(hours=hours))
    await village.do(ordering.expire_holds)
    ended = await village.do(ordering.end_due_teams)
    await village.drain()
    return ended


def asking(village: Village, who: Person, *items: Item, **using: Any) -> Ask:
    """Return an order as promotions see it, of a member who has paid none yet."""
    return Ask(0, who.id, who.station_id, village.leader.id, village.cycle_id, items, Buyer(), using)


async def at_the_desk(village: Village, kind: str, asks: Sequence[Ask]) -> tuple[list[int], list[str]]:
    """Let each order meet one kind of promotion alone, all at the same time, without the lock on goods that orders
    hold as well; returns what was taken off each, and the codes of the refusals."""

    async def one(ask: Ask) -> int | Refusal:
        async def work(tx: Tx) -> int:
            desk = await PROMOTIONS[kind].open(tx, [ask], holding=True)
            assert desk is not None
            await asyncio.sleep(0.1)  # whoever reads without locking has read by now
            quote = price(Basket(ask.items, ask.buyer, tx.now, tuple(desk.terms(ask))))
            desk.check(ask, quote)
            desk.take(ask, await tx.new_id(), quote)
            await desk.write(tx)
            return quote.goods_fen - quote.payable_fen

        try:
            return await village.do(work)
        except Refusal as refusal:
            return refusal

    answers = await asyncio.gather(*(one(ask) for ask in asks))
    taken = [answer for answer in answers if isinstance(answer, int)]
    return taken, [answer.code for answer in answers if isinstance(answer, Refusal)]
