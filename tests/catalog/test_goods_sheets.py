"""A buyer brings the whole catalogue in and takes it out again as Excel or CSV."""

from __future__ import annotations

import asyncio
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from linli import catalog
from linli.catalog.sheet import rules, store
from linli.catalog.sheet.commands import CatalogueChangedMeanwhile
from linli.kernel.refusals import Refusal
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.papers import CsvList, ExcelList, text_rows
from tests.catalog.cards import HEADS, category, csv_of, ean, excel_of, found, fresh, product, send
from tests.people_cast import Cast, Person, done


class Desk:
    """A buyer with a category of their own, whose sheets name it."""

    def __init__(self, buyer: Person, of: str, name: str) -> None:
        self.buyer, self.of, self.name = buyer, of, name

    def row(self, name: str, spec: str = "5斤", **other: str) -> list[str]:
        """Return a row under the usual heads."""
        cells = {"code": "", "barcode": "", "net": "500", "gross": "550", "category": self.name, **other}
        return [cells["code"], cells["category"], name, spec, cells["barcode"], cells["net"], cells["gross"]]

    async def goods(self) -> dict[str, list[str]]:
        """Return the specs of each product in the category."""
        page = done(await self.buyer.get("/console/products", params={"category_id": self.of, "limit": 200}))
        return {each["name"]: sorted(size["spec"] for size in each["skus"]) for each in page["items"]}


async def at_desk(cast: Cast, **other: Any) -> Desk:
    """Seat a buyer."""
    buyer, name = await cast.buyer(), fresh("表格类")
    return Desk(buyer, await category(buyer, name=name, **other), name)


@pytest.mark.rule("GDS-5")
@pytest.mark.parametrize("kind", ["csv", "gbk", "xlsx"])
async def test_a_sheet_is_checked_first_then_imported_and_imported_again_changes_nothing(cast: Cast, kind: str) -> None:
    desk, barcode = await at_desk(cast), ean()
    rows = [desk.row("脐橙", "5斤", barcode=barcode), desk.row("脐橙", "10斤"), desk.row("蜜柚", "1个")]
    raw = excel_of(rows) if kind == "xlsx" else csv_of(rows, encoding="gb18030" if kind == "gbk" else "utf-8-sig")
    checked = done(await send(desk.buyer, raw))
    assert (checked["rows"], checked["good"], checked["products_new"], checked["skus_new"]) == (3, 3, 2, 3)
    assert checked["written"] is False
    assert await desk.goods() == {}
    made = done(await send(desk.buyer, raw, "all"))
    assert (made["products_new"], made["skus_new"], made["written"]) == (2, 3, True)
    assert await desk.goods() == {"脐橙": ["10斤", "5斤"], "蜜柚": ["1个"]}
    again = done(await send(desk.buyer, raw, "all"))
    assert (again["products_new"], again["products_known"], again["skus_known"]) == (0, 2, 3)
    assert await desk.goods() == {"脐橙": ["10斤", "5斤"], "蜜柚": ["1个"]}
    assert await found(desk.buyer, "qicheng", category_id=desk.of) == ["脐橙"]
    assert await found(desk.buyer, barcode) == ["脐橙"]


@pytest.mark.rule("GDS-5")
async def test_every_bad_row_is_named_by_number_and_one_of_them_stops_all(cast: Cast) -> None:
    desk, taken = await at_desk(cast, required_fields=["net_g"]), ean()
    done(await product(desk.buyer, await category(desk.buyer), skus=[{"spec": "1", "gross_g": 1, "barcode": taken}]))
    rows = [
        desk.row("好果"),
        desk.row("", "5斤"),
        desk.row("果二", gross="五百"),
        desk.row("果三", gross="0"),
        desk.row("果四", category="没有的品类"),
        desk.row("果五", barcode="6901028075863"),
        desk.row("果六", barcode="6.90103E+12"),
        desk.row("果七", barcode=taken),
        desk.row("果八", net="600"),
        desk.row("好果"),
        desk.row("果九", net=""),
        desk.row("果" * 121),
        desk.row("好果", "10斤"),
    ]
    wanted = [
        (3, "商品名称", "missing"), (4, "毛重(克)", "not_a_whole_number"), (5, "毛重(克)", "out_of_range"),
        (6, "品类", "category_unknown"), (7, "条码", "barcode_wrong"), (8, "条码", "digits_lost"),
        (10, "净重(克)", "net_above_gross"), (11, "规格", "stands_twice"), (12, "净重(克)", "required_by_category"),
        (13, "商品名称", "too_long"),
    ]  # fmt: skip
    raw = csv_of(rows)
    for answer in (done(await send(desk.buyer, raw)), (await send(desk.buyer, raw, "all")).json()):
        told = {(each["row"], each["column"], each["code"]) for each in answer["problems"]}
        # The barcode of row 9 belongs to a product elsewhere, which the row would rename and move: that is allowed.
        assert told == set(wanted)
        assert (answer["rows"], answer["bad"], answer["bad_rows"]) == (13, 10, ["3-8", "10-13"])
    assert (await send(desk.buyer, raw, "all")).json()["code"] == "goods_rows_bad"
    assert await desk.goods() == {}
    skipped = done(await send(desk.buyer, raw, "skip_bad"))
    assert (skipped["good"], skipped["bad"], skipped["written"]) == (3, 10, True)
    assert await desk.goods() == {"好果": ["10斤", "5斤"], "果七": ["5斤"]}


@pytest.mark.rule("GDS-5")
async def test_a_code_or_barcode_renames_what_it_names_and_never_takes_what_is_anothers(cast: Cast) -> None:
    desk = await at_desk(cast)
    codes, barcodes = [fresh("C") for _ in range(2)], [ean() for _ in range(2)]
    first = [desk.row(name, code=code, barcode=bar) for name, code, bar in zip("甲乙", codes, barcodes, strict=True)]
    done(await send(desk.buyer, csv_of(first), "all"))
    done(await send(desk.buyer, csv_of([desk.row("甲新", code=codes[0], barcode=barcodes[0])]), "all"))
    done(await send(desk.buyer, csv_of([desk.row("乙新", "6斤", barcode=barcodes[1])]), "all"))
    assert await desk.goods() == {"甲新": ["5斤"], "乙新": ["6斤"]}
    for wrong, column in (
        (desk.row("甲新", code=codes[0], barcode=barcodes[1]), "条码"),
        (desk.row("乙新", code=codes[0]), "商品名称"),
        (desk.row("乙新", code=fresh("C")), "商品名称"),
        (desk.row("丙", code=fresh("C"), barcode=barcodes[0]), "条码"),
    ):
        [problem] = done(await send(desk.buyer, csv_of([wrong])))["problems"]
        assert (problem["column"], problem["code"]) == (column, "belongs_to_another")
    contradicting = [desk.row("丁", code=codes[0]), desk.row("戊", "1个", code=codes[0])]
    [problem] = done(await send(desk.buyer, csv_of(contradicting)))["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (3, "商品名称", "contradicts_row")
    assert await desk.goods() == {"甲新": ["5斤"], "乙新": ["6斤"]}


@pytest.mark.rule("GDS-5")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_what_is_taken_out_comes_in_again_unchanged_and_is_never_a_formula(
    cast: Cast, tmp_path: Path, kind: str
) -> None:
    desk = await at_desk(cast)
    names = ["=1+1", "+86", "-减", "@家", "'引号", '普通，逗号"引号"']
    rows = [desk.row(name, barcode=ean()) for name in names]
    rows[0][0] = "00012" + fresh("")
    heads = [*HEADS, "称重", "share_copy"]
    raw = excel_of([[*row, "是", "文案"] for row in rows], heads)
    # A quote sign before a text is what spreadsheets use to keep it from being a formula: one is taken off.
    done(await send(desk.buyer, raw, "all"))
    before = await desk.goods()
    assert set(before) == {"=1+1", "+86", "-减", "@家", "引号", '普通，逗号"引号"'}
    out = await desk.buyer.get(f"/console/goods/export.{kind}")
    assert out.headers["x-content-type-options"] == "nosniff"
    if kind == "csv":
        cells = [cell for line in out.text.splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.lstrip("\ufeff").strip('"').startswith(("=", "+", "@"))]
    mine = [cells for _, cells in text_rows(out.content) if desk.name in cells]
    assert {cells[2] for cells in mine} == set(before)
    head = next(cells for _, cells in text_rows(out.content))
    writer = CsvList(tmp_path / "again.csv")
    for cells in (head, *mine):
        writer.write(cells)
    writer.close()
    report = done(await send(desk.buyer, (tmp_path / "again.csv").read_bytes(), "all"))
    assert (report["skus_new"], report["skus_known"], report["products_new"]) == (0, 6, 0)
    assert await desk.goods() == before


CELLS = st.text(alphabet="=+-@'\t苹a1,\"\n ", max_size=6).map(str.strip)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=6))
def test_a_written_list_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    whole = [["头", "尾", "末"], *rows]
    with tempfile.TemporaryDirectory() as folder:
        for writer in (CsvList(Path(folder) / "a"), ExcelList(Path(folder) / "b", "页", [])):
            for row in whole:
                writer.write(row)
            writer.close()
        for name in "ab":
            read = [cells for _, cells in text_rows((Path(folder) / name).read_bytes()) if any(cells)]
            assert [_bare(row) for row in read] == [_bare(row) for row in whole if any(row)]


def _bare(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


def bomb(what: bytes) -> bytes:
    """Return an Excel file whose sheet is this."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet()
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, what if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return changed.getvalue()


ENTITIES = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.rule("GDS-5")
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "goods_sheet_unreadable"),
        (b"PK\x03\x04 broken", "goods_sheet_unreadable"),
        (b"\xd0\xcf\x11\xe0 broken", "goods_sheet_unreadable"),
        (b"\x89PNG\x00\x00", "goods_sheet_unreadable"),
        ('品类,商品名称,规格,毛重(克)\n"没有结束'.encode(), "goods_sheet_unreadable"),
        (bomb(b"<worksheet>" + b" " * 301 * 1024 * 1024), "goods_sheet_unreadable"),
        (bomb(ENTITIES), "goods_sheet_unreadable"),
        (bomb(b'<sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData>'), "goods_sheet_unreadable"),
        ("品类,商品名称,规格\n".encode(), "goods_heads_wrong"),
        ("品类,品类,商品名称,规格,毛重\n".encode(), "goods_heads_wrong"),
    ],
    ids=["empty", "zip", "old excel", "picture", "csv", "bomb", "entities", "no text", "head missing", "head twice"],
)
async def test_what_is_no_goods_sheet_is_refused_with_a_code(cast: Cast, raw: bytes, code: str) -> None:
    refused = await send(await cast.buyer(), raw, "all")
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_the_template_is_read_by_the_import_and_strangers_get_nothing(cast: Cast) -> None:
    desk = await at_desk(cast)
    template = (await desk.buyer.get("/console/goods/template.xlsx")).content
    assert done(await send(desk.buyer, template))["rows"] == 0
    finance = await cast.finance()
    assert (await send(finance, template)).status_code == 403
    assert (await finance.get("/console/goods/export.csv")).status_code == 403
    assert (await desk.buyer.post("/console/goods/imports", content=template)).json()["code"] == "goods_file_missing"
    assert (await send(desk.buyer, template, "everything")).json()["code"] == "goods_file_missing"


async def test_the_same_upload_under_the_same_key_is_imported_once(cast: Cast) -> None:
    desk = await at_desk(cast)
    raw, key = csv_of([desk.row("一次")]), uuid4().hex
    boundary = {"content-type": "multipart/form-data; boundary=linli"}
    form = (
        b'--linli\r\nContent-Disposition: form-data; name="mode"\r\n\r\nall\r\n--linli\r\nContent-Disposition: '
        b'form-data; name="file"; filename="a.csv"\r\n\r\n' + raw + b"\r\n--linli--\r\n"
    )
    first, second = [
        await desk.buyer.post("/console/goods/imports", content=form, headers=boundary, key=key) for _ in range(2)
    ]
    assert done(first) == done(second)
    assert (second.headers["idempotent-replay"], done(second)["skus_new"]) == ("true", 1)


async def test_a_file_without_a_column_leaves_what_stands_in_it(cast: Cast) -> None:
    desk = await at_desk(cast)
    heads = [*HEADS, "产地", "体积(毫升)", "可售"]
    done(await send(desk.buyer, csv_of([[*desk.row("留住"), "赣州", "800", "否"]], heads), "all"))
    done(await send(desk.buyer, csv_of([desk.row("留住", gross="600")]), "all"))
    [kept] = done(await desk.buyer.get("/console/products", params={"category_id": desk.of}))["items"]
    size = kept["skus"][0]
    assert (kept["origin"], size["volume_ml"], size["gross_g"], size["active"]) == ("赣州", 800, 600, False)


@pytest.mark.rule("GDS-5")
async def test_two_imports_of_the_same_new_goods_make_them_once(cast: Cast, installation: Installation) -> None:
    desk = await at_desk(cast)
    raw = csv_of([desk.row(f"同时{number}", barcode=ean()) for number in range(20)])

    async def once() -> str:
        async def work(tx: Tx) -> None:
            await catalog.import_goods(tx, raw=raw, mode="all")
            await asyncio.sleep(0.05)

        try:
            await installation.db.run(work, 0, by="test")
        except CatalogueChangedMeanwhile:
            return "refused"
        return "done"

    assert await asyncio.gather(*(once() for _ in range(4))) == ["done"] * 4
    assert len(await desk.goods()) == 20


async def test_without_waiting_for_each_other_two_imports_collide(
    cast: Cast, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await at_desk(cast)
    raw = csv_of([desk.row(f"相撞{number}", barcode=ean()) for number in range(5)])

    async def nothing(tx: Tx) -> None:
        """Take the lock away."""

    monkeypatch.setattr(store, "alone", nothing)

    async def once() -> str:
        async def work(tx: Tx) -> None:
            await catalog.import_goods(tx, raw=raw, mode="all")
            await asyncio.sleep(0.1)

        try:
            await installation.db.run(work, 0, by="test")
        except Refusal as refusal:
            return refusal.code
        return "done"

    assert sorted(await asyncio.gather(once(), once())) == ["catalogue_changed_meanwhile", "done"]
    assert len(await desk.goods()) == 5


@given(st.lists(st.integers(1, 60), unique=True).map(sorted))
def test_row_numbers_are_told_as_ranges_that_hold_them_all(numbers: list[int]) -> None:
    told: list[int] = []
    for each in rules.ranges_of(numbers):
        first, _, last = each.partition("-")
        told += range(int(first), int(last or first) + 1)
    assert told == numbers
