"""Console routes of goods sheets: import with a dry run, export, and the template."""

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile

from linli.catalog.sheet import commands, queries
from linli.catalog.sheet.model import COLUMNS, Mode
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.platform.papers import CsvList, ExcelList, ListWriter
from linli.platform.web import KEY_HEADER, Audience, Call, CallOf, View

console = Audience("console", "sheet")
routers = [console.router]

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_EXCEL_ROWS = 1_048_575
SHEET = "商品"
FORM = {
    "parameters": [KEY_HEADER],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "mode": {"type": "string", "enum": [each.value for each in Mode], "default": Mode.CHECK.value},
                    },
                }
            }
        },
    },
}


class GoodsFileMissing(BadInput):
    """The form has no file in it, or names a mode that there is not."""

    title = "没有收到表格"


class TooMuchForExcel(Conflict):
    """There are more sizes than Excel holds rows; CSV has no such limit."""

    title = "商品过多，请导出 CSV"


class ProblemView(View):
    """Why a row is refused: its number as Excel counts, the head of the column, a stable code, what was found."""

    row: int
    column: str
    code: str
    found: str


class ImportView(View):
    """What an import found and did: every bad row by number (3, 7-12), the first thousand problems in words."""

    rows: int
    good: int
    bad: int
    products_new: int
    products_known: int
    skus_new: int
    skus_known: int
    bad_rows: tuple[str, ...]
    problems: tuple[ProblemView, ...]
    written: bool


@console.post("/goods/imports", permission="catalog.manage", openapi_extra=FORM)
async def import_goods(call: CallOf) -> ImportView:
    """Import goods from Excel or CSV; by default only a check, with `mode` all or skip_bad it writes."""
    raw, mode = await _uploaded(call)

    async def work(tx: Tx) -> ImportView:
        return ImportView.model_validate(await commands.import_goods(tx, raw=raw, mode=mode))

    return await call.write(work, region_id=0)


@console.get("/goods/export.xlsx", permission="catalog.manage", response_class=Response)
async def export_excel(call: CallOf) -> Response:
    """Download the whole catalogue as Excel, every cell a text."""

    async def write(path: Path) -> None:
        async with call.reading(0) as tx:
            if await queries.count_skus(tx) > MOST_EXCEL_ROWS:
                raise TooMuchForExcel("Excel holds 1,048,576 rows")
            await _written(ExcelList(path, SHEET, _widths()), lambda writer: queries.write_goods(tx, writer))

    return await _download(write, "goods.xlsx", EXCEL)


@console.get("/goods/export.csv", permission="catalog.manage", response_class=Response)
async def export_csv(call: CallOf) -> Response:
    """Download the whole catalogue as CSV."""

    async def write(path: Path) -> None:
        async with call.reading(0) as tx:
            await _written(CsvList(path), lambda writer: queries.write_goods(tx, writer))

    return await _download(write, "goods.csv", "text/csv; charset=utf-8")


@console.get("/goods/template.xlsx", permission="catalog.manage", response_class=Response)
async def template(call: CallOf) -> Response:
    """Download an empty sheet with the heads that an import reads, and what they mean beside it."""

    async def write(path: Path) -> None:
        book = ExcelList(path, SHEET, _widths())
        queries.write_template(book)
        book.next_sheet("填写说明", [14, 18, 34, 24])
        for line in queries.notes():
            book.write(line)
        book.close()

    return await _download(write, "goods-template.xlsx", EXCEL)


def _widths() -> list[int]:
    return [column.width for column in COLUMNS]


async def _written(writer: ListWriter, write: Callable[[ListWriter], Awaitable[int]]) -> None:
    try:
        await write(writer)
    finally:
        writer.close()


async def _download(write: Callable[[Path], Awaitable[None]], name: str, kind: str) -> Response:
    folder = tempfile.TemporaryDirectory(prefix="linli-goods-")
    try:
        await write(Path(folder.name) / name)
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    done = BackgroundTask(folder.cleanup)
    return FileResponse(Path(folder.name) / name, media_type=kind, filename=name, headers=headers, background=done)


async def _uploaded(call: Call) -> tuple[bytes, Mode]:
    await call.request.body()  # read first: the form is then parsed from it, and it can be fingerprinted
    if not call.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise GoodsFileMissing("send a form with a file")
    async with call.request.form(max_files=1, max_fields=2) as form:
        file, mode = form.get("file"), form.get("mode", Mode.CHECK.value)
        if not isinstance(file, UploadFile) or mode not in set(Mode):
            raise GoodsFileMissing("the form holds no file, or a mode that there is not")
        return await file.read(), Mode(str(mode))
