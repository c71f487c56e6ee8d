"""Excel files keep every fen and every digit, both ways."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.platform.papers import BadCell, Column, Kind, Sheet, SheetUnreadable, bad_cells, read_rows, workbook

MADE = datetime(2026, 11, 22, 15, 6, tzinfo=UTC)
COLUMNS = (
    Column("code", "编码"),
    Column("phone", "电话"),
    Column("count", "数量", Kind.WHOLE, total=True),
    Column("price", "金额（元）", Kind.FEN, total=True),
    Column("weight", "重量（kg）", Kind.GRAMS, total=True),
    Column("rate", "佣金率", Kind.RATE),
    Column("day", "日期", Kind.DAY),
    Column("at", "时间", Kind.MOMENT),
)
ROW: dict[str, Any] = {
    "code": "0012", "phone": "13800138000", "count": 3, "price": 1_29, "weight": 1_205, "rate": 1_250,
    "day": date(2026, 11, 23), "at": datetime(2026, 11, 23, 8, 30, 5, tzinfo=UTC),
}  # fmt: skip
letters = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).map(str.strip)
rows = st.fixed_dictionaries(
    {
        "code": letters.filter(lambda text: text not in ("", "合计") and not text.startswith("'")),
        "phone": st.from_regex(r"[0-9]{1,20}", fullmatch=True),
        "count": st.integers(-(10**9), 10**9),
        "price": st.integers(-(10**12), 10**12),
        "weight": st.integers(0, 10**9),
        "rate": st.integers(0, 10_000),
        "day": st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        "at": st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
            lambda value: value.replace(microsecond=0, tzinfo=UTC)
        ),
    }
)


def written(*values: dict[str, Any], columns: tuple[Column, ...] = COLUMNS) -> bytes:
    """Write one sheet."""
    return workbook([Sheet("明细", columns, values)], made_at=MADE)


def uploaded(*cells: list[Any], text: bool = False) -> bytes:
    """Write a sheet as a stranger's Excel would: numbers as numbers."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        for number, row in enumerate(cells):
            for place, cell in enumerate(row):
                (page.write_string if text else page.write)(number, place, cell)
    return out.getvalue()


@pytest.mark.rule("RPT-1")
@settings(max_examples=60)
@given(st.lists(rows, max_size=6))
def test_what_we_write_we_read_back_to_the_fen_and_digit(values: list[dict[str, Any]]) -> None:
    back = list(read_rows(written(*values), COLUMNS))
    assert [{key: row[key] for key in ROW} for row in back] == values
    assert [row["row"] for row in back] == list(range(2, 2 + len(values)))


@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=30))
def test_the_foot_is_the_exact_sum(fens: list[int]) -> None:
    raw = written(*({**ROW, "price": fen} for fen in fens))
    last = python_calamine.load_workbook(io.BytesIO(raw)).get_sheet_by_index(0).to_python()[-1]
    assert last[0] == "合计"
    assert isinstance(last[3], float)
    assert round(last[3] * 100) == sum(fens)
    assert last[2] == 3 * len(fens)


def test_yuan_are_written_with_exactly_their_digits() -> None:
    with zipfile.ZipFile(io.BytesIO(written({**ROW, "price": 29}, {**ROW, "price": 10**14 + 1}))) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r'<c r="D2"[^>]*><v>0\.29</v>', sheet)
    assert re.search(r'<c r="D3"[^>]*><v>1000000000000\.01</v>', sheet)
    assert "<f>" not in sheet
    assert "frozen" in sheet


@pytest.mark.parametrize(
    "name", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "{=1}", "http://evil.example", "00123"]
)
def test_a_name_that_looks_like_a_formula_stays_a_name(name: str) -> None:
    raw = written({**ROW, "code": name})
    assert [row["code"] for row in read_rows(raw, COLUMNS)] == [name]
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        assert "<f>" not in packed.read("xl/worksheets/sheet1.xml").decode()
        assert not [part for part in packed.namelist() if "rels" in part and "sheet1" in part]


def test_the_same_data_make_the_same_file() -> None:
    assert written(ROW) == written(ROW)


def test_sheet_names_that_excel_refuses_are_made_fit() -> None:
    name = "岳麓/天心:一二三四五六七八九十一二三四五六七八九十一二三四五六"
    raw = workbook([Sheet(wanted, COLUMNS, [ROW]) for wanted in (name, name, "", "汇总", "[汇总]")], made_at=MADE)
    names = python_calamine.load_workbook(io.BytesIO(raw)).sheet_names
    assert len(names) == len(set(names)) == 5
    assert all(0 < len(each) <= 31 for each in names)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("price", 10**15, "exactly"),
        ("price", 1.5, "takes fen"),
        ("price", "12", "takes fen"),
        ("code", 12, "takes text"),
        ("code", "长" * 40_000, "at most"),
        ("at", datetime(2026, 11, 23), "takes moment"),
    ],
)
def test_what_excel_would_change_in_silence_is_refused(key: str, value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        written({**ROW, key: value})


def test_rows_may_come_from_a_cursor_and_cells_may_be_empty() -> None:
    def cursor() -> Iterator[dict[str, Any]]:
        for n in range(3_000):
            yield {**dict.fromkeys(ROW), "code": f"{n:05d}", "price": n}

    raw = workbook([Sheet("明细", COLUMNS, cursor())], made_at=MADE)
    back = list(read_rows(raw, COLUMNS))
    assert len(back) == 3_000
    assert back[7]["code"] == "00007"
    assert back[7]["phone"] is None


@pytest.mark.rule("GDS-5")
def test_phones_and_codes_keep_their_digits_when_excel_made_them_numbers() -> None:
    columns = (Column("phone", "电话"), Column("barcode", "条码"), Column("spec", "规格"))
    raw = uploaded(["条码", "电话", "备注", "规格"], [6901234567892, 13800138000, "x", 1.5])
    assert list(read_rows(raw, columns)) == [
        {"row": 2, "phone": "13800138000", "barcode": "6901234567892", "spec": "1.5"}
    ]


@pytest.mark.rule("GDS-5")
def test_a_number_whose_digits_excel_has_already_lost_is_named_and_not_guessed() -> None:
    raw = uploaded(["编号"], [430102199001011234])
    (row,) = read_rows(raw, (Column("id", "编号"),))
    assert bad_cells(row) == [row["id"]]
    assert "lost digits" in row["id"].why


@pytest.mark.rule("GDS-5")
@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        (12.3, 1230), (0.29, 29), (0.1 + 0.2, 30), (1234567.89, 123456789), ("¥1,234.50", 123450), ("12.50元", 1250),
        ("￥ 3", 300), (5, 500), ("-1.92", -192),
    ],
)  # fmt: skip
def test_a_price_is_read_as_people_type_it(typed: object, fen: int) -> None:
    (row,) = read_rows(uploaded(["价格"], [typed]), (Column("price", "价格", Kind.FEN),))
    assert row["price"] == fen


@pytest.mark.rule("GDS-5")
@pytest.mark.parametrize("typed", ["三块", "1.234", 1.234, "NaN", "Infinity", "1e400", "12元5角", True])
def test_a_price_that_is_none_is_reported_with_row_and_column(typed: object) -> None:
    first, second = read_rows(uploaded(["价格"], [1], [typed]), (Column("price", "价格", Kind.FEN),))
    assert first["price"] == 100
    assert second["row"] == 3
    assert isinstance(second["price"], BadCell)
    assert second["price"].title == "价格"


def test_rates_and_days_are_read_as_typed() -> None:
    columns = (Column("rate", "率", Kind.RATE), Column("day", "日", Kind.DAY), Column("at", "时", Kind.MOMENT))
    raw = uploaded(
        ["率", "日", "时"], ["12.5%", "2026/11/23", "2026-11-23 16:00"], ["12.5％", "2026年11月23日", "x"], text=True
    )
    first, second = read_rows(raw, columns)
    assert first == {"row": 2, "rate": 1250, "day": date(2026, 11, 23), "at": datetime(2026, 11, 23, 8, tzinfo=UTC)}
    assert (second["rate"], second["day"]) == (1250, date(2026, 11, 23))
    assert len(bad_cells(second)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_from_whichever_excel_is_read_too(encoding: str) -> None:
    raw = '编码,价格\r\n0012,"1,234.50"\r\n,\r\n青菜,3\r\n'.encode(encoding)
    back = list(read_rows(raw, (Column("code", "编码"), Column("price", "价格", Kind.FEN))))
    assert back == [{"row": 2, "code": "0012", "price": 123450}, {"row": 4, "code": "青菜", "price": 300}]


def bomb() -> bytes:
    """Pack 400 MB of nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed, packed.open("x", "w") as member:
        for _ in range(400):
            member.write(bytes(1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "missing"),
        (b"PK\x03\x04 nonsense", "not an Excel"),
        (b"\xd0\xcf\x11\xe0 nonsense", "not an Excel"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither"),
        (bomb(), "unpacks"),
        (uploaded(["价格", "编码", "编码"]), "more than once"),
        (uploaded(["价格"]), "编码 is missing"),
        (uploaded(["编码"], *[[str(n)] for n in range(30)]), "more than 20"),
    ],
)
def test_an_upload_that_is_no_sheet_is_refused_by_name(raw: bytes, why: str) -> None:
    with pytest.raises(SheetUnreadable, match=why):
        list(read_rows(raw, (Column("code", "编码"),), limit=20))


STARTS = (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "编码\n".encode())


@settings(max_examples=150)
@given(st.binary(max_size=300), st.sampled_from(STARTS))
def test_junk_is_refused_or_read_and_never_breaks_the_reader(junk: bytes, start: bytes) -> None:
    codes = set()
    try:
        list(read_rows(start + junk, (Column("code", "编码"),)))
    except SheetUnreadable as refused:
        codes.add(refused.code)
    assert codes <= {"sheet_unreadable"}


def test_the_first_column_is_kept_for_the_word_total() -> None:
    with pytest.raises(ValueError, match="合计"):
        Sheet("明细", (Column("price", "金额", Kind.FEN, total=True),), [])
    with pytest.raises(ValueError, match="added up"):
        Column("at", "时间", Kind.MOMENT, total=True)


def test_moments_are_shown_in_the_regions_own_clock() -> None:
    raw = written(ROW)
    cells = python_calamine.load_workbook(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert cells[1][7] == datetime(2026, 11, 23, 16, 30, 5)
    assert cells[1][7] - ROW["at"].replace(tzinfo=None) == timedelta(hours=8)
