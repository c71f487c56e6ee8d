"""Real baskets lived again: households become members, every day of the weeks a cycle, every basket an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from linli.kernel.money import yuan
from linli.rehearsal import afternoon, evening, morning, night
from linli.rehearsal.baskets import Article, Basket, Shopping
from linli.rehearsal.catalogue import Catalogue, Good, barcode
from linli.rehearsal.diary import Day, Placed, Stage, Told
from linli.rehearsal.evening import SOLD_OUT
from linli.rehearsal.night import orders_of
from linli.rehearsal.persons import Json, Person, Refused
from linli.rehearsal.preset import Preset
from linli.rehearsal.reconcile import reckon
from linli.rehearsal.run import FRIDAY, Rehearsal, until_statements
from linli.rehearsal.story import ZONE, Story
from linli.rehearsal.town import Country, Member, Town, found_country, found_town, people_move_in
from linli.rehearsal.world import World

# By then the next hours' shoppers have their baskets: each wave orders and pays before the work of the day goes on.
WAVES = (time(8), time(13), time(15), time(22))
FIRST_BARCODE = 1_000
MOST_LINES = 100  # as the API documents it
TOO_MANY = "more_lines_than_an_order_holds"
WEEKDAYS = "一二三四五六日"
DESKS = {
    "operator": "/console/cycles", "buyer": "/console/purchase-orders", "customer_service": "/console/cases",
    "warehouse_lead": "/console/stock",
}  # fmt: skip

Step = tuple[Day, Stage]


@dataclass
class Replay:
    """The shopping that is lived again, and who and what stands for its households and products."""

    world: World
    shopping: Shopping
    members: dict[int, Member] = field(default_factory=dict)
    sku_of: dict[int, str] = field(default_factory=dict)
    waiting: dict[date, list[Basket]] = field(default_factory=dict)


async def relive(world: World, invitation: str, preset: Preset, shopping: Shopping, story: Story) -> Rehearsal:
    """Live the days of the baskets one after another, each overlapping the next, and compare all books at the end."""
    country = await found_country(world, invitation)
    played = Replay(world, shopping)
    country.catalogue = await _fill_shelves(country.buyer, played)
    town = await found_town(world, country, preset)
    joined = await people_move_in(world, country, town, len(shopping.households))
    played.members = dict(zip(shopping.households, joined, strict=True))
    story.chapter(f"{preset.title} · {preset.town.region_name}", preset.english, preset.about)
    story.say(
        f"{len(joined)} 户、{len(town.goods)} 种商品、{len(town.stations)} 个自提点", "households, goods, stations"
    )
    lived = Rehearsal(country, [town])
    lived.days = _days(played, country, town)
    await _live(played, lived, story)
    await until_statements(world, lived)
    lived.reckoning = await reckon(world, lived.towns, lived.days)
    await _compare(played, lived)
    return lived


def first_delivery(day: date) -> date:
    """Return the rehearsed day that a real first day is lived on: the same weekday, after the town has been founded."""
    return FRIDAY + timedelta(days=(day.weekday() - FRIDAY.weekday() - 1) % 7 + 1)


def _days(played: Replay, country: Country, town: Town) -> list[Day]:
    days: list[Day] = []
    for number, (real, baskets) in enumerate(played.shopping.days.items()):
        shopped = first_delivery(next(iter(played.shopping.days))) + timedelta(days=number)
        days.append(Day(played.world, country, town, shopped + timedelta(days=1)))
        played.waiting[days[-1].delivery_date] = list(baskets)
        assert real.weekday() == shopped.weekday()
    return days


def _program(played: Replay, days: list[Day]) -> Iterator[list[Step]]:
    """Yield what happens on each calendar day: the next cycle is shopped while the last one is handed out."""
    for number in range(len(days) + 1):
        coming = days[number] if number < len(days) else None
        going = days[number - 1] if number else None
        waves = [_wave(played, coming, at) for at in WAVES] if coming else [[]] * len(WAVES)
        steps: list[Step] = []
        if coming:
            steps += [(coming, Stage("publish", "发布", "publish", evening.publish)), (coming, OPENING)]
        for wave, work in zip(waves, WORK, strict=True):
            steps += wave
            steps += [(going, stage) for stage in work] if going else []
        if coming:
            steps += [(coming, stage) for stage in NIGHT]
        yield steps


async def _opening(day: Day) -> Told:
    await day.until("opens_at")
    day.cycle = await day.town.staff["operator"].get(f"/console/cycles/{day.cycle_id}")
    if day.cycle["state"] != "open":
        raise AssertionError(f"the clock did not open the cycle: {day.cycle['state']}")
    return Told("到点自动开团", "the clock opened the cycle")


OPENING = Stage("opening", "开团", "open", _opening)
WORK: tuple[tuple[Stage, ...], ...] = (
    (
        Stage("receiving", "收货", "receive", morning.receiving),
        Stage("shortages", "缺货", "shortage", morning.shortages),
        Stage("sorting", "分拣", "sort", morning.sorting),
    ),
    (Stage("driving", "配送", "drive", afternoon.driving),),
    (Stage("handover", "交接", "handover", afternoon.handover), Stage("pickup", "提货", "pick up", afternoon.pickup)),
    (),
)
NIGHT = (Stage("cut_off", "截单", "cut-off", night.cut_off), Stage("buying", "采购", "buy", night.buying))


def _wave(played: Replay, day: Day, at: time) -> list[Step]:
    shopped = day.delivery_date - timedelta(days=1)
    instant = datetime.combine(shopped, at, ZONE).astimezone(UTC)

    async def order(day: Day) -> Told:
        await played.world.at(instant)
        return await _shop(played, day, at)

    return [(day, Stage("ordering", "下单", "order", order)), (day, Stage("paying", "支付", "pay", evening.paying))]


async def _shop(played: Replay, day: Day, at: time) -> Told:
    """Place every basket that was carried home by this time; the last wave also takes what was bought later."""
    waiting = played.waiting[day.delivery_date]
    now = [basket for basket in waiting if at == WAVES[-1] or basket.at.time() <= at]
    played.waiting[day.delivery_date] = waiting[len(now) :]
    offers = {offer["sku_id"]: offer for _, offer in day.offers.values()}
    made = await day.world.each(now, lambda basket: _place(played, day, basket, offers))
    placed = [order for order in made if order is not None]
    day.orders.extend(placed)
    worth = sum(order.payable_fen for order in placed)
    return Told(f"{len(placed)} 单 ¥{yuan(worth)}", "", {"placed": len(placed), "placed_fen": worth})


async def _place(played: Replay, day: Day, basket: Basket, offers: dict[str, Json]) -> Placed | None:
    """Order a basket as its member would, each line up to the limit of its offer; every line left out is counted."""
    tally, member, lines = played.shopping.tally, played.members[basket.household], []
    payable = rows = over = 0
    tally.left_out[TOO_MANY] += sum(wanted.rows for wanted in basket.wanted[MOST_LINES:])
    for wanted in basket.wanted[:MOST_LINES]:
        offer = offers[played.sku_of[wanted.product]]
        pieces = min(wanted.quantity, offer["per_order_limit"] or wanted.quantity)
        lines.append({"offer_id": offer["id"], "quantity": pieces})
        payable, rows, over = payable + pieces * offer["price_fen"], rows + wanted.rows, over + wanted.quantity - pieces
    if not lines:
        return None
    body = {
        "cycle_id": day.cycle_id, "station_id": member.station.id, "lines": lines, "expect_payable_fen": payable,
        "payment": "online" if day.shape.payment == "sandbox" else "offline",
    }  # fmt: skip
    try:
        order = await member.person.post("/app/orders", body)
    except Refused as no:
        if no.code not in SOLD_OUT:
            raise
        tally.left_out[f"refused_{no.code}"] += rows
        return None
    tally.baskets_placed += 1
    tally.lines_placed += rows
    tally.pieces_placed += sum(line["quantity"] for line in lines)
    tally.pieces_over_limit += over
    return Placed(order["id"], member.station, order["payable_fen"], order["lines"], member)


async def _live(played: Replay, lived: Rehearsal, story: Story) -> None:
    world, program = played.world, list(_program(played, lived.days))
    real = list(played.shopping.days)
    with story.day(sum(map(len, program))):
        for number, steps in enumerate(program):
            begins = lived.days[min(number, len(lived.days) - 1)].delivery_date
            first = datetime.combine(begins, time(5, 30), ZONE) - timedelta(days=number < len(lived.days))
            await world.at(first.astimezone(UTC), every=timedelta(hours=6))
            await _keep_in_touch(lived)
            for day, stage in steps:
                with story.stage(stage):
                    told = await stage.act(day)
                for name, value in told.figures.items():
                    day.figures[name] = day.figures.get(name, 0) + value
            story.say(*_line(number, real, lived.days))


async def _keep_in_touch(lived: Rehearsal) -> None:
    """Let the office look at its desks, as it does every day: whoever stays away for a week is signed out."""
    for town in lived.towns:
        await town.staff["administrator"].get("/console/settings")
        for role, desk in DESKS.items():
            await town.staff[role].get(desk)
        check = await town.staff["finance"].get("/console/ledger/check")
        if not (check["balanced"] and check["subledger_agrees"]):
            raise AssertionError(f"the ledger does not balance: {check['differences'][:5]}")


def _line(number: int, real: list[date], days: list[Day]) -> tuple[str, str]:
    """Tell a calendar day in one line: what was ordered for tomorrow, what was handed out of yesterday's orders."""
    parts, english = [], ""
    if number < len(days):
        coming, day = days[number].figures, real[number]
        english = f"lived as {days[number].delivery_date - timedelta(days=1):%m-%d}"
        parts.append(
            f"{day:%Y-%m-%d} 周{WEEKDAYS[day.weekday()]}  下单 {coming['placed']} ¥{yuan(coming['placed_fen'])}"
        )
    if number:
        going = days[number - 1].figures
        parts.append(f"昨日订单提走 {going['collected_orders']}，缺货 {going['shortage_lines']} 行")
    return "，".join(parts), english


async def _compare(played: Replay, lived: Rehearsal) -> None:
    """Compare the tally of the baskets with the orders the platform has; every line read must be placed or left out."""
    tally, found = played.shopping.tally, lived.reckoning
    orders = [order for day in lived.days for order in await orders_of(day)]
    found.equal("baskets placed", tally.baskets_placed, len(orders))
    pieces = sum(line["quantity"] for order in orders for line in order["lines"])
    found.equal("pieces placed", tally.pieces_placed, pieces)
    found.equal("lines read", tally.lines_read, tally.lines_placed + sum(tally.left_out.values()))
    found.equal("baskets that still wait", sum(map(len, played.waiting.values())), 0)


async def _fill_shelves(buyer: Person, played: Replay) -> Catalogue:
    """Enter the articles under our categories with their suppliers and terms."""
    categories = {row["name"]: row["id"] for row in (await buyer.get("/console/categories"))["items"]}
    suppliers: dict[str, str] = {}
    for name in sorted({article.supplier for article in played.shopping.articles}):
        made = await buyer.post("/console/suppliers", {"name": name, "contact": "", "address": ""})
        suppliers[name] = made["id"]
    goods: list[Good] = []
    for number, article in enumerate(played.shopping.articles, FIRST_BARCODE):
        good = await _enter(buyer, number, article, categories[article.ours], suppliers[article.supplier])
        played.sku_of[article.product] = good.sku_id
        goods.append(good)
    return Catalogue(tuple(goods), {id: name for name, id in suppliers.items()})


async def _enter(buyer: Person, number: int, article: Article, category_id: str, supplier_id: str) -> Good:
    code = barcode(number)
    sku = {
        "spec": article.spec, "unit": "件", "gross_g": article.gross_g, "net_g": article.gross_g,
        "volume_ml": 2 * article.gross_g, "barcode": code,
    }  # fmt: skip
    product = {"category_id": category_id, "name": article.name, "skus": [sku]}
    sku_id = (await buyer.post("/console/products", product))["skus"][0]["id"]
    supply = {
        "supplier_id": supplier_id, "sku_id": sku_id, "price_fen": article.cost_fen, "pack_size": article.pack_size,
    }  # fmt: skip
    await buyer.post("/console/supplies", supply)
    return Good(
        sku_id, article.name, (), article.spec, "件", article.ours, code, article.price_fen,
        article.cost_fen, article.pack_size, supplier_id,
    )  # fmt: skip
