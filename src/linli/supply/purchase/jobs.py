"""Sending a purchase order: its papers are written, then it is marked sent; done twice it is done once."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from linli.kernel.ids import day_of
from linli.platform import papers
from linli.platform.installation import Installation
from linli.platform.jobs import carries
from linli.supply.purchase.commands import mark_sent
from linli.supply.purchase.events import SendPurchaseOrder
from linli.supply.purchase.queries import purchase_paper, purchase_workbook


@carries(SendPurchaseOrder)
async def send_purchase_order(installation: Installation, region_id: int, wish: SendPurchaseOrder) -> None:
    """Write PDF and Excel into papers/<region>/<delivery date> of the home folder and mark the order sent."""
    async with installation.db.transaction(region_id, by="system:papers") as tx:
        paper = await purchase_paper(tx, wish.po_id)
    folder = installation.config.home / "papers" / str(region_id) / day_of(wish.po_id).isoformat()
    await asyncio.to_thread(write_papers, paper, folder)
    await installation.db.run(partial(mark_sent, po_id=wish.po_id), region_id, by="system:papers")


def write_papers(paper: papers.PurchaseOrder, folder: Path) -> list[Path]:
    """Write a purchase order as PDF and Excel into a folder; a half-written file is never seen; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{paper.number}-v{paper.version}"
    written = []
    for ending, content in (("pdf", papers.pdf("purchase_order", paper)), ("xlsx", purchase_workbook(paper))):
        path = folder / f"{name}.{ending}"
        half = path.with_suffix(f".{ending}.part")
        half.write_bytes(content)
        half.replace(path)
        written.append(path)
    return written
