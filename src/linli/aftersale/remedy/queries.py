"""The evidence of a case: what the rooms before it know of the line, from the supplier's lot to the hand-over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from linli import fulfilment, ordering, people, warehouse
from linli.aftersale.case.model import CaseValue
from linli.aftersale.case.queries import case, cases_of_member_since
from linli.aftersale.remedy.settings import policy_of
from linli.platform.database import Tx
from linli.platform.machines import MoveLine, history


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about a case that helps to decide it; `handover` where the goods went through one."""

    case: CaseValue
    order: ordering.OrderValue
    line: ordering.LineValue
    station_name: str
    member: people.MemberValue
    recent_cases: int
    collected_at: datetime | None
    collected_by: str
    lots: tuple[warehouse.LotValue, ...]
    handover_note: str
    expected_totes: int | None
    received_totes: int | None
    received_at: datetime | None
    steps: tuple[MoveLine, ...]


async def evidence(tx: Tx, case_id: int) -> Evidence:
    """Return the evidence of a case; refuses NoSuchCase."""
    found = await case(tx, case_id)
    order = await ordering.order(tx, found.order_id)
    since = tx.now - timedelta(days=(await policy_of(tx)).days)
    collected = [step for step in await history(tx, order.id) if step.verb == "collect"]
    of_leader = await fulfilment.handovers(tx, leader_id=order.leader_id, cycle_id=order.cycle_id)
    handover = next((each for each in of_leader if each.station_id == order.station_id), None)
    return Evidence(
        case=found,
        order=order,
        line=next(line for line in order.lines if line.id == found.line_id),
        station_name=(await people.station(tx, order.station_id)).name,
        member=await people.member(tx, found.member_id),
        recent_cases=await cases_of_member_since(tx, found.member_id, since),
        collected_at=order.collected_at,
        collected_by=collected[-1].by if collected else "",
        lots=tuple(await warehouse.lots_of_sku(tx, found.cycle_id, found.sku_id)),
        handover_note=handover.note if handover else "",
        expected_totes=handover.expected_totes if handover else None,
        received_totes=handover.leader_totes if handover else None,
        received_at=handover.received_at if handover else None,
        steps=tuple(await history(tx, case_id)),
    )
