"""Giving out what arrived: free stock helps first, then a rule decides; who comes out short is refunded and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from linli import ordering, people, sale, supply
from linli.kernel.refusals import Conflict
from linli.platform.database import Tx
from linli.warehouse.receiving.queries import receiving_is_finished
from linli.warehouse.shortage import store
from linli.warehouse.shortage.events import LineShort, ShortagesAllocated
from linli.warehouse.shortage.model import Claim, LineAsked, Rule, Share, Source
from linli.warehouse.shortage.rules import allocate, explain

FOR_A_SHORTAGE = "shortage"
LEFT_OVER = "cycle"
REASON = "缺货"


class StillReceiving(Conflict):
    """Goods of this cycle may still arrive."""

    title = "收货尚未结束"


async def allocate_shortages(tx: Tx, *, cycle_id: int) -> int:
    """Give out what a cycle has: what is left over becomes stock, what lacks is refunded; returns the short lines.

    Told twice it is quiet. Refuses StillReceiving.
    """
    if not await receiving_is_finished(tx, cycle_id):
        raise StillReceiving("receiving is not finished", cycle_id=str(cycle_id))
    if await store.allocated(tx, cycle_id):
        return 0
    wanted = await _wanted(tx, cycle_id)
    has = await supply.goods_of_cycle(tx, cycle_id)
    await _keep_what_is_left(tx, cycle_id, wanted, has)
    lacking = {sku_id: count - has.get(sku_id, 0) for sku_id, count in wanted.items() if count > has.get(sku_id, 0)}
    helped = await supply.set_aside(tx, cycle_id=cycle_id, wanted=lacking, ref_kind=FOR_A_SHORTAGE)
    missing = {sku_id: count - helped.get(sku_id, 0) for sku_id, count in lacking.items()}
    short = {sku_id: wanted[sku_id] - count for sku_id, count in sorted(missing.items()) if count}
    lines, refunded = await _share(tx, cycle_id, short) if short else (0, 0)
    await store.add_allocation(tx, cycle_id, len(short), lines, refunded)
    await tx.announce(ShortagesAllocated(cycle_id, len(short), lines, refunded))
    return lines


async def _wanted(tx: Tx, cycle_id: int) -> dict[int, int]:
    """Return the pieces of each sku that orders want: the frozen demand, or what is left when pieces went back."""
    if await ordering.pieces_went_back(tx, cycle_id):
        return await store.wanted_by_sku(tx, ordering.lines_to_deliver(tx, cycle_id))
    wanted: Counter[int] = Counter()
    for each in await supply.demand_by_sku(tx, cycle_id):
        wanted[each.sku_id] += each.quantity
    return wanted


async def _keep_what_is_left(tx: Tx, cycle_id: int, wanted: Mapping[int, int], has: Mapping[int, int]) -> None:
    left = {sku_id: count - wanted.get(sku_id, 0) for sku_id, count in has.items()}
    moves = [
        supply.StockMove(supply.MovementKind.SURPLUS, sku_id, count, LEFT_OVER, cycle_id, cycle_id)
        for sku_id, count in sorted(left.items()) if count > 0
    ]  # fmt: skip
    await supply.move_stock(tx, moves=moves)


async def _share(tx: Tx, cycle_id: int, available: Mapping[int, int]) -> tuple[int, int]:
    """Give out the scarce skus (sku → pieces there are) among the lines that want them; returns short lines and fen."""
    rules = {offer.sku_id: Rule(offer.shortage_rule) for offer in (await sale.offers(tx, cycle_id)).values()}
    lines = refunded = 0
    for sku_id, count in available.items():
        asked = await store.lines_asked(tx, ordering.lines_to_deliver(tx, cycle_id, [sku_id]))
        done = await open_shortage(
            tx, cycle_id=cycle_id, asked=asked, available=count, rule=rules[sku_id], source=Source.RECEIVING
        )
        lines += sum(1 for share in done if share.short)
        refunded += sum(fen for fen in done.values())
    return lines, refunded


async def open_shortage(
    tx: Tx, *, cycle_id: int, asked: Sequence[LineAsked], available: int, rule: Rule, source: Source
) -> dict[Share, int]:
    """Give the pieces of one sku to the lines that ask, note and refund what lacks; returns the fen back per share."""
    claims = [Claim(line.line_id, line.wanted, line.paid_at) for line in asked]
    wanted = sum(claim.wanted for claim in claims)
    shares = allocate(rule, claims, available)
    if wanted <= available:
        return dict.fromkeys(shares, 0)
    by_id = {line.line_id: line for line in asked}
    first = asked[0]
    shortage_id = await store.add_shortage(
        tx, cycle_id,
        {
            "offer_id": first.offer_id, "sku_id": first.sku_id, "source": source, "rule": rule, "wanted": wanted,
            "available": available,
        },
    )  # fmt: skip
    short = sorted((share for share in shares if share.short), key=lambda share: share.line_id)
    totals = {s.line_id: by_id[s.line_id].ordered - s.given for s in short}
    await ordering.set_short(tx, short=totals)
    refunded = {share: await _refund(tx, share, shortage_id) for share in short}
    rows = []
    for share, fen in refunded.items():
        line = by_id[share.line_id]
        why = explain(rule, share, claims=len(claims), wanted=wanted, available=available)
        rows.append(
            {
                "shortage_id": shortage_id, "line_id": line.line_id, "order_id": line.order_id,
                "member_id": line.member_id, "leader_id": line.leader_id, "station_id": line.station_id,
                "sku_id": line.sku_id, "source": source, "rule": rule, "wanted": share.wanted,
                "given": share.given, "short": share.short, "refunded_fen": fen, "why": why,
            }
        )  # fmt: skip
    await store.add_short_lines(tx, cycle_id, rows)
    await _tell(tx, cycle_id, [(by_id[share.line_id], share, fen) for share, fen in refunded.items()])
    return dict.fromkeys(shares, 0) | refunded


async def _refund(tx: Tx, share: Share, shortage_id: int) -> int:
    fen: int = await ordering.refund_line(
        tx, line_id=share.line_id, quantity=share.short, reason=REASON, ref_kind="shortage", ref_id=shortage_id
    )
    return fen


async def _tell(tx: Tx, cycle_id: int, short: Iterable[tuple[LineAsked, Share, int]]) -> None:
    told = list(short)
    offers = await sale.offers(tx, ids={line.offer_id for line, _, _ in told})
    for line, share, fen in told:
        product = offers[line.offer_id].product_name
        facts = {"product": product, "quantity": share.short, "amount_fen": fen, "order_id": str(line.order_id)}
        await people.notify(tx, to=f"member:{line.member_id}", event="order.short", facts=facts)
    await tx.announce(
        *(
            LineShort(
                cycle_id, line.line_id, line.order_id, line.member_id, line.leader_id, line.station_id, line.sku_id,
                share.short, fen,
            )
            for line, share, fen in told
        )
    )  # fmt: skip
