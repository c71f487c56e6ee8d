"""Standing orders: a member subscribes, changes, pauses, leaves a week out; a cycle that opens is ordered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from linli import catalog, people, sale
from linli.kernel.calendar import local_day
from linli.kernel.money import yuan
from linli.kernel.refusals import BadInput, Conflict, Refusal
from linli.ordering.placing.commands import StationNotChosen, place_many
from linli.ordering.placing.model import PlacedOrder, Placement
from linli.ordering.standing import rules, store
from linli.ordering.standing.events import PlaceStandingOrders
from linli.ordering.standing.model import STANDING, Outcome, StandingState, StandingValue, Wanted
from linli.ordering.standing.queries import StandingNotFound, standing
from linli.ordering.standing.records import Standing
from linli.platform.database import Tx
from linli.platform.machines import move

BATCH = 200
MOST = 20
WORDS = {Outcome.SOLD_OUT: "已售罄", Outcome.TOO_DEAR: "价格高于您设的上限"}


class TooManyStandings(Conflict):
    """A member has so many standing orders already; facts: most."""

    title = "周期购数量已达上限"


class UntilPast(BadInput):
    """A standing order ends today or later."""

    title = "结束日期已过"


async def subscribe(
    tx: Tx, *, member_id: int, sku_id: int, wanted: Wanted, station_id: int | None = None
) -> StandingValue:
    """Let a member have pieces of a sku ordered on weekdays, at a station (the member's own by default).

    Refuses NoSuchSku, NoSuchStation, StationNotChosen, WeekdaysUnclear, UntilPast and TooManyStandings.
    """
    sku = await catalog.sku(tx, sku_id)
    at = station_id or (await people.member(tx, member_id)).station_id
    if at is None:
        raise StationNotChosen("choose a station first")
    await people.station(tx, at)
    if await store.how_many(tx, member_id) >= MOST:
        raise TooManyStandings("end one that is not wanted any more", most=MOST)
    standing_id = await tx.new_id()
    row = {
        "id": standing_id, "member_id": member_id, "station_id": at, "sku_id": sku_id, "name": sku.product_name,
        "spec": sku.spec, "unit": sku.unit, "state": str(STANDING.initial), **await _columns(tx, wanted),
    }  # fmt: skip
    await store.add(tx, row)
    return await standing(tx, standing_id, member_id)


async def rewrite(tx: Tx, *, standing_id: int, member_id: int, wanted: Wanted) -> StandingValue:
    """Change what is wanted from the next cycle on; orders that were placed stay.

    Refuses StandingNotFound, WrongState once it has ended, WeekdaysUnclear and UntilPast.
    """
    row = await _locked(tx, standing_id, member_id)
    if row.state == StandingState.ENDED:
        STANDING.check(StandingState.ENDED, "resume")
    await store.change(tx, standing_id, await _columns(tx, wanted))
    return await standing(tx, standing_id, member_id)


async def turn(tx: Tx, *, standing_id: int, member_id: int, verb: str) -> StandingValue:
    """Pause, resume or end a standing order; told twice it is quiet; orders that were placed stay.

    Refuses StandingNotFound and WrongState.
    """
    await _locked(tx, standing_id, member_id)
    await move(tx, Standing, STANDING, verb, key={"id": standing_id})
    return await standing(tx, standing_id, member_id)


async def leave_out(tx: Tx, *, standing_id: int, member_id: int, day: date, out: bool = True) -> StandingValue:
    """Leave out the week of a day, or take it in again; refuses StandingNotFound."""
    await _locked(tx, standing_id, member_id)
    await (store.skip if out else store.unskip)(tx, standing_id, rules.monday_of(day))
    return await standing(tx, standing_id, member_id)


async def begin_standing(tx: Tx, *, cycle_id: int) -> None:
    """Wish that the standing orders of a cycle that opened are placed, outside the opening's own transaction."""
    await tx.enqueue(PlaceStandingOrders(cycle_id))


async def place_standing(tx: Tx, *, cycle_id: int, limit: int = BATCH) -> int:
    """Order from the next standing orders that are due in an open cycle, each wholly or not at all and once a cycle;
    tell every member what became of it; returns how many were decided."""
    cycle = (await sale.cycles_by_id(tx, [cycle_id])).get(cycle_id)
    if cycle is None or cycle.state != sale.CycleState.OPEN or tx.now >= cycle.cut_off_at:
        return 0
    goods = _by_sku(await sale.offers(tx, cycle_id))
    claimed = await store.claim(tx, {
        "cycle_id": cycle_id, "day": cycle.delivery_date, "weekday": rules.bit_of(cycle.delivery_date),
        "week": rules.monday_of(cycle.delivery_date), "sku_ids": sorted(goods), "limit": limit,
        "everywhere": not cycle.station_ids, "station_ids": list(cycle.station_ids),
    })  # fmt: skip
    if not claimed:
        return 0
    until = rules.held_until(sale.hold_until(cycle, tx.now), cycle.cut_off_at)
    due = [row for row in claimed if row.state == StandingState.ACTIVE]
    placements = [
        Placement(
            row.member_id, cycle_id, ((goods[row.sku_id].id, row.quantity),), tx.by, station_id=row.station_id,
            note="周期购", hold_until=until, most_fen=row.ceiling_fen * row.quantity, standing=True,
        )
        for row in due
    ]  # fmt: skip
    decided = list(zip(due, await place_many(tx, placements=placements), strict=True))
    paused = [_run(row, None) for row in claimed if row.state != StandingState.ACTIVE]
    await store.decided(tx, cycle_id, [*(_run(row, one) for row, one in decided), *paused])
    await _tell(tx, cycle, decided)
    return len(claimed)


def _by_sku(offers: Mapping[int, sale.OfferValue]) -> dict[int, sale.OfferValue]:
    """Return which offer of a cycle a standing order takes of each sku: the one made for them, else the normal one."""
    chosen: dict[int, sale.OfferValue] = {}
    for kind in ("normal", "standing"):
        chosen |= {one.sku_id: one for one in offers.values() if one.kind == kind and not one.withdrawn}
    return chosen


def _run(row: Standing, one: PlacedOrder | Refusal | None) -> dict[str, Any]:
    if isinstance(one, PlacedOrder):
        return {"standing_id": row.id, "outcome": Outcome.PLACED, "order_id": one.id, "reason": ""}
    code = one.code if one is not None else "paused"
    return {"standing_id": row.id, "outcome": rules.outcome_of(code), "order_id": None, "reason": code}


async def _tell(tx: Tx, cycle: sale.CycleValue, decided: Sequence[tuple[Standing, PlacedOrder | Refusal]]) -> None:
    messages = [(f"member:{row.member_id}", _message(cycle, row, one)) for row, one in decided]
    if messages:
        await people.notify_many(tx, event="standing.decided", messages=messages)


def _message(cycle: sale.CycleValue, row: Standing, one: PlacedOrder | Refusal) -> dict[str, Any]:
    goods = f"{cycle.delivery_date.isoformat()} 送达的 {row.name} {row.spec} ×{row.quantity}"
    if isinstance(one, Refusal):
        why = WORDS.get(rules.outcome_of(one.code), one.title)
        return {"title": "周期购本期未下单", "text": f"{goods}：{why}，未下单。", "reason": one.code}
    before = one.hold_until.astimezone(ZoneInfo(cycle.timezone)).strftime("%m-%d %H:%M")
    text = f"{goods}，应付 {yuan(one.quote.payable_fen)} 元，请在 {before} 前付款。"
    return {"title": "周期购已下单", "text": text, "order_id": str(one.id)}


async def _columns(tx: Tx, wanted: Wanted) -> dict[str, Any]:
    if wanted.until is not None and wanted.until < local_day(tx.now, (await people.clock_of(tx)).timezone):
        raise UntilPast("the last day is past")
    return {
        "quantity": wanted.quantity, "weekdays": rules.as_bits(wanted.weekdays), "ceiling_fen": wanted.ceiling_fen,
        "until": wanted.until,
    }  # fmt: skip


async def _locked(tx: Tx, standing_id: int, member_id: int) -> Standing:
    row = await store.locked(tx, standing_id, member_id)
    if row is None:
        raise StandingNotFound(f"no standing order {standing_id}")
    return row
