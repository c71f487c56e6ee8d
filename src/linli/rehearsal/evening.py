"""The evening: the cycle opens, members browse, order, pay and change their minds, neighbours are ordered for."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from linli.kernel.money import yuan
from linli.rehearsal.catalogue import Good
from linli.rehearsal.diary import Day, Placed, Told
from linli.rehearsal.persons import Json, Refused
from linli.rehearsal.town import Member

SOLD_OUT = frozenset({"sold_out", "limit_exceeded"})
Wish = list[tuple[str, int]]


async def publish(day: Day) -> Told:
    """The operator publishes the cycle, the buyer lists the offers."""
    operator, buyer = day.town.staff["operator"], day.town.staff["buyer"]
    day.cycle = await operator.post("/console/cycles", {"delivery_date": day.delivery_date.isoformat()})
    for good in day.town.goods:
        offer = await buyer.post(f"/console/cycles/{day.cycle_id}/offers", _terms(day, good))
        day.offers[offer["id"]] = (good, offer)
    figures = {"offers": len(day.offers)}
    return Told(
        f"{len(day.offers)} 种团品上架，{day.delivery_date:%m月%d日}送达", f"{len(day.offers)} offers listed", figures
    )


def _terms(day: Day, good: Good) -> Json:
    terms: Json = {
        "sku_id": good.sku_id,
        "price_fen": good.price_fen,
        "reference_price_fen": None,
        "per_order_limit": 20,
    }
    draw = day.world.random.random()
    if day.town.preset.town.stock_limits and draw < 0.3:
        people = max(4, len(day.town.members) or day.town.preset.town.members)
        terms["stock_limit"] = max(3, int(people * (0.02 + 0.5 * draw)))
    if day.town.preset.town.offer_commission_bp is not None:
        terms["commission_bp"] = day.town.preset.town.offer_commission_bp
    return terms


async def opening(day: Day) -> Told:
    """The clock opens the cycle."""
    await day.until("opens_at")
    day.cycle = await day.town.staff["operator"].get(f"/console/cycles/{day.cycle_id}")
    if day.cycle["state"] != "open":
        raise AssertionError(f"the clock did not open the cycle: {day.cycle['state']}")
    await day.world.at(day.instant("opens_at", timedelta(hours=4)), every=timedelta(hours=4))
    return Told("到点自动开团，群里开始下单", "the clock opened the cycle")


def _basket(day: Day) -> Wish:
    chance = day.world.random
    lines = chance.randint(1, day.shape.largest_basket)
    chosen = chance.sample(list(day.offers), min(lines, len(day.offers)))
    return [(offer_id, chance.choice((1, 1, 1, 2, 2, 3))) for offer_id in chosen]


def _price(day: Day, wish: Wish) -> int:
    return sum(day.offers[offer_id][0].price_fen * pieces for offer_id, pieces in wish)


def _lines(wish: Wish) -> list[Json]:
    return [{"offer_id": offer_id, "quantity": pieces} for offer_id, pieces in wish]


async def ordering(day: Day) -> Told:
    """Members browse, some ask for a price, and order; what is sold out they leave."""
    coming = [member for member in day.town.members if day.world.chance(day.shape.comes_to_order)]
    plans = [(member, _basket(day), day.world.chance(day.shape.ask_quote)) for member in coming]
    refusals: list[str] = []

    async def shop(plan: tuple[Member, Wish, bool]) -> Placed | None:
        member, wish, quoting = plan
        if quoting:
            cycle = (await member.person.get("/app/cycles/current"))["items"][0]
            await member.person.get(f"/app/cycles/{cycle['id']}/offers", limit=60)
            quote = await member.person.post("/app/quotes", {"cycle_id": cycle["id"], "lines": _lines(wish)})
            if quote["payable_fen"] != _price(day, wish):
                raise AssertionError("a quote differs from the prices on the shelf")
        return await _order(day, member, wish, refusals)

    placed = [order for order in await day.world.each(plans, shop) if order is not None]
    day.orders.extend(placed)
    worth = sum(order.payable_fen for order in placed)
    figures = {"placed": len(placed), "placed_fen": worth, "sold_out_refusals": len(refusals)}
    return Told(
        f"{len(placed)} 位会员下单，合计 ¥{yuan(worth)}；{len(refusals)} 次遇到售罄",
        f"{len(placed)} orders placed",
        figures,
    )


async def _order(day: Day, member: Member, wish: Wish, refusals: list[str]) -> Placed | None:
    """Order; when something is sold out, leave it and order the rest."""
    while wish:
        body = {
            "cycle_id": day.cycle_id, "station_id": member.station.id, "lines": _lines(wish),
            "expect_payable_fen": _price(day, wish),
            "payment": "online" if day.shape.payment == "sandbox" else "offline",
        }  # fmt: skip
        try:
            order = await member.person.post("/app/orders", body)
        except Refused as no:
            if no.code not in SOLD_OUT:
                raise
            refusals.append(no.code)
            gone = str(no.problem.get("offer_id") or no.problem.get("offer") or wish[-1][0])
            wish = [line for line in wish if line[0] != gone] if gone in dict(wish) else wish[:-1]
            continue
        return Placed(order["id"], member.station, order["payable_fen"], order["lines"], member)
    return None


async def paying(day: Day) -> Told:
    """Members pay at the provider with their phones; some never do, some come too late and are turned away there."""
    chance, shape = day.world, day.shape
    unpaid = [order for order in day.orders if not order.paid and order.member is not None]
    never = {order.id for order in unpaid if chance.chance(shape.never_pay)}
    late = {order.id for order in unpaid if order.id not in never and chance.chance(shape.pay_late)}
    willing = [order for order in unpaid if order.id not in never]

    async def begin(order: Placed) -> str:
        assert order.member is not None
        charge = await order.member.person.post("/app/charges", {"order_ids": [order.id], "channel": shape.payment})
        return str(charge["id"])

    charges = await chance.each(willing, begin)
    await chance.step()

    async def find(pair: tuple[Placed, str]) -> None:
        order, charge_id = pair
        assert order.member is not None
        person = order.member.person

        async def ask() -> str | None:
            url: str | None = (await person.get(f"/app/charges/{charge_id}"))["pay_url"]
            return url

        order.pay_path = str(urlsplit(await ask() or await chance.eventually(ask)).path)

    await chance.each(list(zip(willing, charges, strict=True)), find)
    paid = [order for order in willing if order.id not in late]
    await chance.each(paid, lambda order: _pay(day, order))
    await chance.step()
    await chance.at(chance.clock.now() + timedelta(minutes=45), every=timedelta(minutes=15))
    refused = [no for no in await chance.each([o for o in willing if o.id in late], lambda o: _pay(day, o)) if not no]
    worth = sum(order.payable_fen for order in paid)
    figures = {
        "paid_orders": len(paid),
        "paid_online_fen": worth,
        "never_paid": len(never),
        "paid_too_late": len(refused),
    }
    return Told(
        f"{len(paid)} 单已付 ¥{yuan(worth)}；{len(never)} 单没付、{len(refused)} 单过时，库存自动放回",
        f"{len(paid)} paid; {len(never)} never paid and {len(refused)} too late, their goods are free again", figures,
    )  # fmt: skip


async def _pay(day: Day, order: Placed) -> bool:
    """Press the button on the provider's page; the provider turns away what has expired."""
    answer = await day.world.wire.send("POST", order.pay_path, {})
    order.paid = answer.status_code == 200
    if answer.status_code not in (200, 409):
        raise AssertionError(f"the provider answered {answer.status_code} {answer.text[:200]}")
    return order.paid


async def changing_minds(day: Day) -> Told:
    """Some members cancel before the cut-off and get their money back by themselves."""
    leaving = [order for order in day.standing() if order.member is not None and day.world.chance(day.shape.cancel)]

    async def cancel(order: Placed) -> None:
        assert order.member is not None
        await order.member.person.post(f"/app/orders/{order.id}/cancellation", {"reason": "不要了"})
        order.cancelled = True

    await day.world.each(leaving, cancel)
    await day.world.step()
    worth = sum(order.payable_fen for order in leaving)
    figures = {"cancelled_orders": len(leaving), "cancelled_fen": worth}
    return Told(
        f"{len(leaving)} 单截单前取消，自动退回 ¥{yuan(worth)}", f"{len(leaving)} cancelled and refunded", figures
    )


async def on_behalf(day: Day) -> Told:
    """Leaders order for neighbours without a phone (代下单) and note the cash they were given."""
    stations = [station for station in day.town.stations if day.world.chance(day.shape.on_behalf)]
    worth = 0
    for station in stations:
        for _ in range(2):
            wish = _basket(day)
            body = {
                "cycle_id": day.cycle_id, "station_id": station.id, "nickname": day.country.names.nickname(),
                "place": day.country.names.place(), "lines": _lines(wish),
            }  # fmt: skip
            try:
                order = await station.leader.post("/leader/orders", body)
            except Refused as no:
                if no.code not in SOLD_OUT:
                    raise
                continue
            cash = {"amount_fen": order["payable_fen"], "way": "cash"}
            await station.leader.post(f"/leader/orders/{order['id']}/payment", cash)
            day.orders.append(Placed(order["id"], station, order["payable_fen"], order["lines"], paid=True))
            worth += order["payable_fen"]
    await day.world.step()
    ordered = sum(order.member is None for order in day.orders)
    figures = {"on_behalf_orders": ordered, "on_behalf_fen": worth}
    return Told(
        f"团长代邻居下 {ordered} 单，收现金 ¥{yuan(worth)}", f"leaders ordered {ordered} times for neighbours", figures
    )
