"""When goods stand in totes they are driven, and when they are at the station their members know."""

from __future__ import annotations

from linli import fulfilment, ordering, people, supply, warehouse
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(warehouse.SortingFinished)
async def stations_expect_their_goods(tx: Tx, fact: warehouse.SortingFinished) -> None:
    """Write down what each station is to get: the last step of the night."""
    step = supply.Step.PLAN_DELIVERY
    await supply.take_step(tx, cycle_id=fact.cycle_id, step=step, work=fulfilment.expect_handovers)


@when(warehouse.SortingFinished)
async def routes_are_planned(tx: Tx, fact: warehouse.SortingFinished) -> None:
    """Wish for the routes of the cycle."""
    await fulfilment.plan_routes(tx, cycle_id=fact.cycle_id)


@when(fulfilment.RoutesPlanned)
async def operators_read_what_is_not_served(tx: Tx, fact: fulfilment.RoutesPlanned) -> None:
    """Put stations without room or time on any vehicle before a person."""
    if fact.unserved:
        names = "、".join(station.name for station in (await people.stations(tx, list(fact.unserved))).values())
        facts = {"title": "有站点未排上车", "text": f"以下自提点没有车辆可送：{names}。"}
        await people.notify(tx, to="staff:operator", event="route.unserved", facts=facts)


@when(fulfilment.StationSupplied)
async def the_leader_is_asked_to_count(tx: Tx, fact: fulfilment.StationSupplied) -> None:
    """Tell the leader how many totes were set down."""
    station = await people.station(tx, fact.station_id)
    facts = {"station": station.name, "totes": fact.totes}
    await people.notify(tx, to=f"leader:{fact.leader_id}", event="handover.delivered", facts=facts)


@when(fulfilment.StationDelivered)
async def members_are_called_to_collect(tx: Tx, fact: fulfilment.StationDelivered) -> None:
    """Tell every member of the station that the goods are there, with the code."""
    station = await people.station(tx, fact.station_id)
    orders = await ordering.orders_waiting(tx, [fact.cycle_id], fact.station_id)
    told = [
        (f"member:{order.member_id}", {"station": station.name, "pickup_code": order.pickup_code}) for order in orders
    ]
    await people.notify_many(tx, event="order.arrived", messages=told)


@when(fulfilment.StationDelivered)
async def the_last_signature_ends_the_driving(tx: Tx, fact: fulfilment.StationDelivered) -> None:
    """Let the cycle be collected when every station has signed."""
    await fulfilment.note_all_signed(tx, cycle_id=fact.cycle_id)


@when(fulfilment.StationDelivered)
async def operators_read_of_a_difference(tx: Tx, fact: fulfilment.StationDelivered) -> None:
    """Put a handover whose counts differ before a person."""
    if fact.difference or fact.driver_difference:
        station = await people.station(tx, fact.station_id)
        text = f"{station.name} 实收与应收相差 {fact.difference} 箱，与司机所交相差 {fact.driver_difference or 0} 箱。"
        facts = {"title": "交接数量不符", "text": text}
        await people.notify(tx, to="staff:operator", event="handover.counts", facts=facts)
