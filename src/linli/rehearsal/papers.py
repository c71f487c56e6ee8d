"""The papers of a day, fetched through the API as anybody in the office would: PDF to print, Excel to work with."""

from __future__ import annotations

from pathlib import Path

from linli.rehearsal.diary import Day, Told

SHEETS = {"sorting-list": "分拣单", "station-lists": "自提点清单", "labels": "标签"}


async def print_papers(day: Day, folder: Path) -> Told:
    """Fetch purchase orders, sorting list, station lists and labels of the cycle, each as PDF and Excel."""
    inside = folder / f"{day.delivery_date.isoformat()}-{day.town.preset.name}"
    inside.mkdir(parents=True, exist_ok=True)
    buyer, operator = day.town.staff["buyer"], day.town.staff["operator"]
    orders = (await buyer.get("/console/purchase-orders", cycle_id=day.cycle_id, limit=200))["items"]
    wanted = {
        f"采购单-{order['supplier_name']}-{order['number']}": (buyer, f"/console/purchase-orders/{order['id']}/paper")
        for order in orders
    } | {title: (operator, f"/console/cycles/{day.cycle_id}/papers/{kind}") for kind, title in SHEETS.items()}

    async def fetch(paper: tuple[str, str]) -> int:
        title, form = paper
        person, path = wanted[title]
        raw = await person.fetch(f"{path}.{form}")
        return (inside / f"{title}.{form}").write_bytes(raw)

    sizes = await day.world.each([(title, form) for title in wanted for form in ("pdf", "xlsx")], fetch)
    figures = {"papers": len(sizes), "paper_bytes": sum(sizes)}
    return Told(
        f"{len(sizes)} 份单据（PDF 与 Excel）写入 {inside}", f"{len(sizes)} papers, {sum(sizes) // 1024} KiB", figures
    )
