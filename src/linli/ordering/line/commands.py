"""What happens to the lines of paid orders: set short, refunded, handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linli import money
from linli.kernel.ids import day_of
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.ordering.line import store
from linli.ordering.line.events import CollectedLine, LineRefunded, OrderCollected
from linli.ordering.line.model import HandedOver
from linli.ordering.line.queries import orders_agree
from linli.ordering.order.model import BY_STATION, ORDER, OrderState
from linli.ordering.order.queries import OrderNotFound
from linli.ordering.order.records import Order, OrderLine
from linli.ordering.order.rules import left_to_refund, recognised, refund_for_pieces
from linli.ordering.order.store import fee_earned, fee_given_back, lines_keep, lines_of, locked
from linli.platform.database import Tx
from linli.platform.machines import move, move_all

HANDED_OVER = (OrderState.COLLECTED, OrderState.CLOSED)
SENT = (OrderState.ON_THE_WAY, *HANDED_OVER)


class LineNotFound(NotFound):
    """There is no such line in this region."""

    title = "没有这个商品行"


class RefundTooLarge(Conflict):
    """More was asked back than is left of the line; facts: left_fen, left_quantity."""

    title = "退款超过可退金额"


class RefundUnclear(BadInput):
    """A refund says how many pieces or how many fen, more than none."""

    title = "退款内容不对"


class NotAtStation(Conflict):
    """The order's goods are not at the station; facts: state."""

    title = "货还没到自提点"


class NotThatMany(Conflict):
    """More pieces were to be handed over than are left of the line; facts: line_id, left."""

    title = "提货数量超过可提数量"


async def set_short(tx: Tx, *, short: Mapping[int, int]) -> int:
    """Note how many pieces of each line will not come (line id → pieces in all); returns how many lines were noted."""
    return await store.set_counts(tx, "short_quantity", short)


async def refund_line(
    tx: Tx,
    *,
    line_id: int,
    quantity: int | None = None,
    amount_fen: int | None = None,
    reason: str,
    ref_kind: str,
    ref_id: int,
) -> int:
    """Give back pieces or an amount of a paid line, once per origin (ref_kind, ref_id); returns the fen that go back.

    Never more than paid − refunded; what a hand-over had earned of it is taken out of revenue. Told twice it answers
    as before. Refuses LineNotFound, RefundUnclear and RefundTooLarge.
    """
    if (quantity is None and amount_fen is None) or (quantity or 0) < 0 or (amount_fen or 0) < 0:
        raise RefundUnclear("say how many pieces or how many fen")
    found = await store.locked_with_order(tx, line_id)
    if found is None:
        raise LineNotFound(f"no line {line_id}")
    order, line = found
    before = await store.refund_of(tx, line_id, ref_kind, ref_id)
    if before is not None:
        return before.amount_fen
    amount = _amount(line, quantity, amount_fen)
    await _give_back(tx, order, line, quantity or 0, amount, reason, ref_kind, ref_id)
    return amount


def _amount(line: OrderLine, quantity: int | None, amount_fen: int | None) -> int:
    left_fen, left = left_to_refund(line.paid_fen, line.refunded_fen), line.quantity - line.refunded_quantity
    if (quantity or 0) > left or (amount_fen or 0) > left_fen:
        raise RefundTooLarge("more than is left of the line", left_fen=left_fen, left_quantity=left)
    if amount_fen is not None:
        return amount_fen
    return refund_for_pieces(line.paid_fen, line.refunded_fen, line.quantity, line.refunded_quantity, quantity or 0)


async def _give_back(
    tx: Tx, order: Order, line: OrderLine, quantity: int, amount: int, reason: str, ref_kind: str, ref_id: int
) -> None:
    kept = line.paid_fen - line.refunded_fen - amount
    reversed_fen = max(0, line.recognised_fen - kept)
    pieces = line.refunded_quantity + quantity
    values = {
        "refunded_fen": line.refunded_fen + amount,
        "refunded_quantity": pieces,
        "recognised_fen": line.recognised_fen - reversed_fen,
    }
    if not line.collected_quantity:  # pieces given back before the hand-over are not handed over
        values["short_quantity"] = max(line.short_quantity, pieces)
    await store.change_line(tx, line.id, values)
    refund_id = await tx.new_id(line.biz_date)
    await store.add_refund(
        tx,
        {
            "id": refund_id, "line_id": line.id, "order_id": order.id, "ref_kind": ref_kind, "ref_id": ref_id,
            "quantity": quantity, "amount_fen": amount, "reversed_fen": reversed_fen, "reason": reason,
        },
    )  # fmt: skip
    if not amount:
        return
    assert order.charge_id is not None  # a line with paid fen was paid by a charge
    fee = await _fee_that_goes_back(tx, order)
    await money.refund(
        tx, charge_id=order.charge_id, order_id=order.id, amount_fen=amount + fee, reason=reason,
        ref_kind="line_refund", ref_id=refund_id,
    )  # fmt: skip
    if reversed_fen:
        await money.record(tx, entries=[_entry("sale_reversed", order, reversed_fen, "line_refund", refund_id)])
    await tx.announce(
        LineRefunded(
            refund_id=refund_id, order_id=order.id, line_id=line.id, cycle_id=order.cycle_id,
            station_id=order.station_id, leader_id=order.leader_id, member_id=order.member_id, quantity=quantity,
            amount_fen=amount, reversed_fen=reversed_fen, collected=reversed_fen > 0, reason=reason,
        )
    )  # fmt: skip


async def _fee_that_goes_back(tx: Tx, order: Order) -> int:
    """Give the delivery fee back with the last fen of an order that was not sent yet; returns fen."""
    if not order.fee_fen or order.state in SENT or await lines_keep(tx, order.id):
        return 0
    return await fee_given_back(tx, order)


def _entry(kind: str, order: Order, amount_fen: int, ref_kind: str, ref_id: int, part: str = "") -> money.Entry:
    return money.Entry(
        kind=money.EntryKind(kind), amount_fen=amount_fen, cycle_id=order.cycle_id, station_id=order.station_id,
        owner_id=0, ref_kind=ref_kind, ref_id=ref_id, part=part,
    )  # fmt: skip


async def mark_collected(
    tx: Tx, *, order_id: int, leader_id: int | None = None, pieces: Mapping[int, int] | None = None
) -> HandedOver:
    """Hand over pieces of an order (line id → pieces; None: all that is left) and record what they earned.

    An order of which nothing is left answers `repeated` with the time it was handed over. Refuses OrderNotFound (also
    another leader's order), NotAtStation, LineNotFound and NotThatMany.
    """
    mine = () if leader_id is None else (Order.leader_id == leader_id,)
    order = await locked(tx, order_id, *mine)
    if order is None:
        raise OrderNotFound(f"no order {order_id}")
    if order.state in HANDED_OVER:
        return HandedOver(order_id, complete=True, repeated=True, at=order.collected_at, pieces={})
    if order.state != (OrderState.ON_THE_WAY if order.express else OrderState.AT_STATION):
        raise NotAtStation("the goods are not at the station", state=order.state)
    lines = await lines_of(tx, [order_id])
    wanted = _wanted(lines, pieces)
    handed = [_handed_over(line, wanted[line.id]) for line in lines if wanted.get(line.id)]
    await store.change_lines(
        tx, {line.line_id: {"collected_quantity": int(line.part), "recognised_fen": total} for line, total in handed}
    )
    earned = [_entry("collected", order, line.amount_fen, "line", line.line_id, line.part) for line, _ in handed]
    complete = all(_left(line) == wanted.get(line.id, 0) for line in lines)
    if complete:
        key = {"biz_date": order.biz_date, "id": order_id}
        verb = "receive" if order.express else "collect"
        await move(tx, Order, ORDER, verb, key=key, values={"collected_at": tx.now})
        fee = await fee_earned(tx, order) if order.fee_fen else 0
        earned += [_entry("collected", order, fee, "order", order.id, "fee")] if fee else []
    await money.record(tx, entries=earned)
    if handed or complete:
        whose = {name: getattr(order, name) for name in ("cycle_id", "station_id", "leader_id", "member_id")}
        await tx.announce(
            OrderCollected(order_id=order_id, **whose, complete=complete, lines=tuple(line for line, _ in handed))
        )
    return HandedOver(order_id, complete=complete, repeated=False, at=tx.now, pieces=dict(wanted))


def _left(line: OrderLine) -> int:
    """Return the pieces that are still to be handed over."""
    return line.quantity - line.collected_quantity - line.short_quantity


def _wanted(lines: Sequence[OrderLine], pieces: Mapping[int, int] | None) -> Mapping[int, int]:
    left = {line.id: _left(line) for line in lines}
    if pieces is None:
        return {line_id: count for line_id, count in left.items() if count}
    for line_id, count in pieces.items():
        if line_id not in left:
            raise LineNotFound(f"no line {line_id} in this order")
        if not 0 <= count <= left[line_id]:
            raise NotThatMany("more than is left of the line", line_id=str(line_id), left=left[line_id])
    return pieces


def _handed_over(line: OrderLine, count: int) -> tuple[CollectedLine, int]:
    """Return what a hand-over of some pieces earns, and what the line has earned with it in all, in fen."""
    collected = line.collected_quantity + count
    earned = recognised(line.paid_fen, line.refunded_fen, line.quantity, collected, line.short_quantity)
    amount = max(0, earned - line.recognised_fen)
    told = CollectedLine(
        line.id,
        line.offer_id,
        line.sku_id,
        line.category_id,
        count,
        amount,
        line.commission_bp,
        line.commission_fen,
        str(collected),
    )
    return told, line.recognised_fen + amount


async def advance_cycle(tx: Tx, *, cycle_id: int, verb: str) -> int:
    """Move all orders of a cycle that can take the verb by one statement; returns how many moved.

    Their history is one line of the cycle, which every order's timeline shows among its own.
    """
    of_cycle = [Order.biz_date == day_of(cycle_id), Order.cycle_id == cycle_id]
    if verb in BY_STATION:
        of_cycle.append(Order.express.is_(False))
    return await move_all(tx, Order, ORDER, verb, *of_cycle, of=cycle_id)


money.register_agreement("orders", orders_agree)
