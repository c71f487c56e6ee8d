"""Console route of the papers of a cycle."""

import asyncio
from typing import Literal

from fastapi import Response

from linli.platform.web import Audience, CallOf, PublicId
from linli.warehouse.papers import queries
from linli.warehouse.papers.model import PaperKind

console = Audience("console", "papers")
routers = [console.router]

MEDIA = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@console.get("/cycles/{cycle_id}/papers/{kind}.{form}", permission="papers.read")
async def print_paper(
    cycle_id: PublicId,
    kind: PaperKind,
    form: Literal["pdf", "xlsx"],
    call: CallOf,
    station_id: PublicId | None = None,
    stock: Literal["roll", "a4"] = "roll",
) -> Response:
    async with call.reading() as tx:
        source = await queries.papers_of_cycle(tx, cycle_id, station_id=station_id)
    if form == "pdf":
        content = await asyncio.to_thread(queries.printed_pdf, kind, source, stock)
    else:
        content = await asyncio.to_thread(queries.workbook, kind, source)
    name = f"{kind.value}-{source.delivery_date.isoformat()}.{form}"
    return Response(content, media_type=MEDIA[form], headers={"Content-Disposition": f'inline; filename="{name}"'})
