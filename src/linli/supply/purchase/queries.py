"""Reading purchase orders, the balance of a cycle, and the paper a supplier gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from linli import catalog, people, sale
from linli.kernel.refusals import NotFound
from linli.platform import papers
from linli.platform.database import Tx
from linli.supply.demand.queries import demand_by_sku
from linli.supply.demand.rules import of_one_sku
from linli.supply.purchase.model import Difference, PurchaseLineValue, PurchaseOrderValue, SupplierResult
from linli.supply.purchase.records import PurchaseLine, PurchaseOrder, SkuNeed

LINE_FIELDS = tuple(PurchaseLineValue.__dataclass_fields__)
ORDER_FIELDS = tuple(name for name in PurchaseOrderValue.__dataclass_fields__ if name != "lines")


class NoSuchPurchaseOrder(NotFound):
    """There is no such purchase order, or none that the asker may know of."""

    title = "没有这个采购单"


async def purchase_order(tx: Tx, po_id: int, *, supplier_id: int | None = None) -> PurchaseOrderValue:
    """Return a purchase order (of a supplier, when named); refuses NoSuchPurchaseOrder, also for another supplier's."""
    chosen = select(PurchaseOrder).where(PurchaseOrder.region_id == tx.region_id, PurchaseOrder.id == po_id)
    if supplier_id is not None:
        chosen = chosen.where(PurchaseOrder.supplier_id == supplier_id)
    row = await tx.first(chosen)
    if row is None:
        raise NoSuchPurchaseOrder(f"no purchase order {po_id}")
    return (await with_lines(tx, [row]))[0]


async def purchase_orders(
    tx: Tx,
    *,
    cycle_id: int | None = None,
    supplier_id: int | None = None,
    after: int | None = None,
    limit: int = 200,
) -> list[PurchaseOrderValue]:
    """Return a page of purchase orders in order of id, of a cycle or a supplier when they are named."""
    chosen = select(PurchaseOrder).where(PurchaseOrder.region_id == tx.region_id)
    for column, wanted in ((PurchaseOrder.cycle_id, cycle_id), (PurchaseOrder.supplier_id, supplier_id)):
        if wanted is not None:
            chosen = chosen.where(column == wanted)
    if after is not None:
        chosen = chosen.where(PurchaseOrder.id > after)
    return await with_lines(tx, await tx.all(chosen.order_by(PurchaseOrder.id).limit(limit)))


async def with_lines(tx: Tx, rows: Sequence[PurchaseOrder]) -> list[PurchaseOrderValue]:
    """Return purchase orders with their lines, which take one statement however many there are."""
    here = (PurchaseLine.region_id == tx.region_id, PurchaseLine.po_id.in_([row.id for row in rows]))
    found: dict[int, list[PurchaseLineValue]] = {row.id: [] for row in rows}
    if rows:
        for line in await tx.all(select(PurchaseLine).where(*here).order_by(PurchaseLine.sku_id)):
            found[line.po_id].append(PurchaseLineValue(**{name: getattr(line, name) for name in LINE_FIELDS}))
    return [
        PurchaseOrderValue(**{name: getattr(row, name) for name in ORDER_FIELDS}, lines=tuple(found[row.id]))
        for row in rows
    ]


async def goods_of_cycle(tx: Tx, cycle_id: int) -> dict[int, int]:
    """Return how many pieces of each sku a cycle has: stock set aside when it was bought, and what was accepted."""
    needs = select(SkuNeed.sku_id, SkuNeed.stock_used)
    here = needs.where(SkuNeed.region_id == tx.region_id, SkuNeed.cycle_id == cycle_id)
    has = {row[0]: row[1] for row in await tx.execute(here)}
    for sku_id, count in (await accepted(tx, cycle_id)).items():
        has[sku_id] = has.get(sku_id, 0) + count
    return has


async def accepted(tx: Tx, cycle_id: int) -> dict[int, int]:
    """Return how many pieces of each sku were accepted for a cycle."""
    sums = select(PurchaseLine.sku_id, func.sum(PurchaseLine.accepted)).group_by(PurchaseLine.sku_id)
    here = sums.where(PurchaseLine.region_id == tx.region_id, PurchaseLine.cycle_id == cycle_id)
    return {row[0]: int(row[1]) for row in await tx.execute(here)}


async def balance_of_cycle(tx: Tx, cycle_id: int) -> list[Difference]:
    """Return where the buying of a cycle does not add up; nothing when ordered = demand − stock used + rounding.

    Demand is counted from the frozen lines and ordered from the purchase orders, so both ends are checked.
    """
    wanted = {each.sku_id: each.quantity for each in of_one_sku(await demand_by_sku(tx, cycle_id))}
    ordered = await _ordered(tx, cycle_id)
    needs = await tx.all(select(SkuNeed).where(SkuNeed.region_id == tx.region_id, SkuNeed.cycle_id == cycle_id))
    kept = {need.sku_id: need for need in needs}
    found: list[Difference] = []
    for sku_id in sorted(wanted.keys() | ordered.keys() | kept.keys()):
        need = kept.get(sku_id)
        demand, used, rounding = (need.demand, need.stock_used, need.rounding) if need else (0, 0, 0)
        if demand != wanted.get(sku_id, 0):
            found.append(Difference(sku_id, "demand", wanted.get(sku_id, 0), demand))
        if ordered.get(sku_id, 0) != demand - used + rounding:
            found.append(Difference(sku_id, "ordered", demand - used + rounding, ordered.get(sku_id, 0)))
    return found


async def _ordered(tx: Tx, cycle_id: int) -> dict[int, int]:
    sums = select(PurchaseLine.sku_id, func.sum(PurchaseLine.quantity)).group_by(PurchaseLine.sku_id)
    here = sums.where(PurchaseLine.region_id == tx.region_id, PurchaseLine.cycle_id == cycle_id)
    return {row[0]: int(row[1]) for row in await tx.execute(here)}


async def supplier_results(tx: Tx, cycle_id: int) -> list[SupplierResult]:
    """Return what the purchase orders of a cycle came to, in fen, in order of id."""
    joined = (PurchaseOrder.region_id == PurchaseLine.region_id) & (PurchaseOrder.id == PurchaseLine.po_id)
    price = PurchaseLine.price_fen
    sums = (
        func.sum(PurchaseLine.amount_fen),
        func.sum(PurchaseLine.over * price),
        func.sum((PurchaseLine.short + PurchaseLine.rejected) * price),
    )
    key = (
        PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.cycle_id, PurchaseOrder.supplier_id,
        PurchaseOrder.supplier_name,
    )  # fmt: skip
    here = (PurchaseLine.region_id == tx.region_id, PurchaseOrder.region_id == tx.region_id)
    chosen = select(*key, *sums).join(PurchaseOrder, joined).where(*here, PurchaseOrder.cycle_id == cycle_id)
    rows = await tx.execute(chosen.group_by(*key).order_by(PurchaseOrder.id))
    return [SupplierResult(*row[:5], *(int(fen) for fen in row[5:])) for row in rows]


async def purchase_paper(tx: Tx, po_id: int) -> papers.PurchaseOrder:
    """Return a purchase order as it is printed, the same for ever: made when the order was made."""
    order = await purchase_order(tx, po_id)
    cycle = await sale.cycle(tx, order.cycle_id)
    supplier = await catalog.supplier(tx, order.supplier_id)
    region = await region_name(tx)
    return papers.PurchaseOrder(
        head=papers.Head(issuer="邻里", region=region, made_at=order.made_at, zone=cycle.timezone),
        number=order.number,
        version=order.version,
        supplier=papers.Party(order.supplier_name, supplier.address, supplier.contact),
        deliver_to=papers.Party(f"{region}仓库"),
        deliver_by=order.deliver_by,
        lines=tuple(_paper_line(line) for line in order.lines),
        total_fen=order.total_fen,
        code=papers.Code(order.number),
    )


async def region_name(tx: Tx) -> str:
    """Return the name of the transaction's region."""
    return (await people.region(tx, tx.region_id)).name


def _paper_line(line: PurchaseLineValue) -> papers.PurchaseLine:
    return papers.PurchaseLine(
        sku=line.barcode or str(line.sku_id), name=line.name, spec=line.spec, unit=line.unit, packs=line.packs,
        pack_size=line.pack_size, quantity=line.quantity, price_fen=line.price_fen, amount_fen=line.amount_fen,
    )  # fmt: skip


def purchase_workbook(paper: papers.PurchaseOrder) -> bytes:
    """Return a printed purchase order as an Excel file."""
    columns = [
        papers.Column("sku", "条码"), papers.Column("name", "品名", width=24), papers.Column("spec", "规格"),
        papers.Column("unit", "单位"), papers.Column("packs", "件数", papers.Kind.WHOLE, total=True),
        papers.Column("pack_size", "每件", papers.Kind.WHOLE),
        papers.Column("quantity", "数量", papers.Kind.WHOLE, total=True),
        papers.Column("price_fen", "单价(元)", papers.Kind.FEN),
        papers.Column("amount_fen", "金额(元)", papers.Kind.FEN, total=True),
    ]  # fmt: skip
    rows: list[dict[str, Any]] = [{c.key: getattr(line, c.key) for c in columns} for line in paper.lines]
    sheet = papers.Sheet(f"{paper.number} v{paper.version}", columns, rows, zone=paper.head.zone)
    return papers.workbook([sheet], made_at=paper.head.made_at)
