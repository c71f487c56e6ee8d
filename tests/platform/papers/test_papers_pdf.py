"""What people hold in their hands: names come out as written, sums agree, pages number themselves."""

from __future__ import annotations

import dataclasses
import io
from datetime import datetime
from typing import Any

import paper_examples as example
import pypdf
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from linli.platform.papers import Template, pdf, pictures, printable, shapes

EVERY_PAPER: dict[Template, Any] = {
    "purchase_order": example.purchase_order(),
    "sorting_list": example.sorting_list(),
    "station_list": example.station_lists(),
    "labels": example.labels(),
    "pick_slips": example.pick_slips(),
    "route_sheet": example.route_sheet(),
    "statement": example.statement(),
}


def read(raw: bytes) -> pypdf.PdfReader:
    """Open a PDF."""
    return pypdf.PdfReader(io.BytesIO(raw))


def words(raw: bytes) -> str:
    """Return all text of a PDF without white space, which is where lines happen to break."""
    return "".join("".join(page.extract_text() for page in read(raw).pages).split())


def page_words(raw: bytes) -> list[str]:
    """Return the text of each page without white space."""
    return ["".join(page.extract_text().split()) for page in read(raw).pages]


def fonts(raw: bytes) -> dict[str, bool]:
    """Return the fonts a PDF names, and whether each travels with it."""
    found: dict[str, bool] = {}
    for page in read(raw).pages:
        for font in page["/Resources"].get_object().get("/Font", {}).values():  # type: ignore[union-attr]
            for child in font.get_object()["/DescendantFonts"]:
                descriptor = child.get_object()["/FontDescriptor"].get_object()
                found[descriptor["/FontName"]] = any(f"/FontFile{n}" in descriptor for n in ("", "2", "3"))
    return found


def codes(page: bytes) -> list[str]:
    """Scan a page as a phone would."""
    return [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))]


@pytest.mark.parametrize("template", EVERY_PAPER)
def test_every_paper_carries_its_chinese_font_with_it(template: Template) -> None:
    """A paper opened on a machine without Chinese fonts looks the same."""
    found = fonts(pdf(template, EVERY_PAPER[template]))
    assert found
    assert all(embedded for embedded in found.values())
    assert {name.split("+")[-1].split("-")[0] for name in found} == {"NotoSansSC"}


@pytest.mark.rule("SRT-3")
def test_a_neighbour_with_a_rare_name_finds_it_on_the_list_and_on_the_label() -> None:
    assert f"李{example.RARE}" in words(pdf("station_list", example.station_lists(1)))
    assert f"李{example.RARE}" in words(pdf("labels", example.labels(1)))


@pytest.mark.parametrize("template", EVERY_PAPER)
def test_the_same_paper_printed_twice_is_the_same_file(template: Template) -> None:
    assert pdf(template, EVERY_PAPER[template]) == pdf(template, EVERY_PAPER[template])


@pytest.mark.parametrize("name", example.HOSTILE)
def test_a_name_written_as_a_program_is_printed_as_a_name(name: str) -> None:
    flat = "".join(name.split())
    assert flat in words(pdf("purchase_order", example.purchase_order(name=name)))
    one = dataclasses.replace(example.station_lists(1), stations=(example.station(member=name),))
    assert flat in words(pdf("station_list", one))
    label = dataclasses.replace(example.labels(1), labels=(example.label(member=name),))
    assert flat in words(pdf("labels", label))


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=40))
def test_whatever_people_call_themselves_the_list_is_printed(name: str) -> None:
    one = dataclasses.replace(example.station_lists(1), stations=(example.station(orders=1, member=name),))
    text = words(pdf("station_list", one))
    assert "139****0001" in text


def test_an_emoji_in_a_name_becomes_one_mark_and_never_an_empty_box() -> None:
    assert printable("小雨🌸🌸") == "小雨〓"
    assert printable("👨\u200d👩\u200d👧妈妈") == "〓妈妈"
    assert printable("李\n雷\u202e\u200b\ufe0f") == "李 雷"
    assert printable("") == ""
    assert printable(example.RARE + "㛃䶮·①") == example.RARE + "㛃䶮·①"


@settings(max_examples=200)
@given(st.text())
def test_cleaning_a_name_twice_changes_nothing_more(name: str) -> None:
    once = printable(name)
    assert printable(once) == once
    assert "\n" not in once


@pytest.mark.rule("SRT-3")
@pytest.mark.parametrize("stock", ["roll", "a4"])
def test_every_label_can_be_scanned_as_printed(stock: shapes.LabelStock) -> None:
    labels = example.labels(11, stock)
    pages = pictures("labels", labels, ppi=203)
    assert len(pages) == (11 if stock == "roll" else 2)
    scanned = [text for page in pages for text in codes(page)]
    assert sorted(scanned) == sorted(label.code.text for label in labels.labels)


@pytest.mark.rule("SRT-3")
def test_a_roll_label_is_a_hundred_by_sixty_millimetres_and_says_what_the_bag_is() -> None:
    raw = pdf("labels", example.labels(3))
    box = read(raw).pages[0].mediabox
    assert [round(float(side) / 72 * 25.4, 1) for side in (box.width, box.height)] == [100.0, 60.0]
    pages = page_words(raw)
    assert ["常温" in pages[0], "冷藏" in pages[1], "冷冻" in pages[2]] == [True] * 3
    for said in ("阳光花园1号自提点", "团长周喆", "2/3", "A001", "2026-11-23周一", "共4件"):
        assert said in pages[0]


def test_a_label_for_a_bag_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="4/3"):
        dataclasses.replace(example.label(), part=4)


@pytest.mark.rule("BUY-3")
def test_the_supplier_reads_number_version_deadline_and_a_total_in_digits_and_words() -> None:
    order = example.purchase_order()
    raw = pdf("purchase_order", order)
    text = words(raw)
    assert order.total_fen == 345_912
    for said in (
        "PO20261123-0042第2版", "2026-11-23周一10:00", "5件×12份", "60份", "¥3,459.12", "叁仟肆佰伍拾玖元壹角贰分",
        "岳麓仓", "随货附检测报告。",
    ):  # fmt: skip
        assert said in text
    assert codes(pictures("purchase_order", order, ppi=400)[0]) == ["PO20261123-0042"]


def test_a_long_order_repeats_its_heads_and_numbers_its_pages() -> None:
    pages = page_words(pdf("purchase_order", example.purchase_order(120)))
    assert len(pages) > 2
    assert all("件数×装量" in page for page in pages[:3])
    assert f"第2页/共{len(pages)}页" in pages[1]


def test_an_order_or_statement_that_does_not_add_up_is_never_printed() -> None:
    with pytest.raises(ValueError, match="does not add up"):
        dataclasses.replace(example.purchase_order(), total_fen=1)
    with pytest.raises(ValueError, match="does not add up"):
        dataclasses.replace(example.statement(), payable_fen=1)
    with pytest.raises(ValueError, match="does not add up"):
        dataclasses.replace(example.sorting_list().products[0], total=1)
    with pytest.raises(ValueError, match="is not"):
        dataclasses.replace(example.purchase_order().lines[0], packs=1)


@pytest.mark.rule("COM-7")
def test_a_leader_reads_why_every_amount_is_there() -> None:
    text = words(pdf("statement", example.statement()))
    for said in ("规则R-12：蔬菜×金牌团长", "LL2026111600025", "达到5,000元档", "-1.92", "小计26笔132.60", "¥630.68"):
        assert said in text


@pytest.mark.rule("SRT-1")
def test_the_sorter_sees_every_tote_of_every_product() -> None:
    listed = example.sorting_list()
    text = words(pdf("sorting_list", listed))
    assert "924件商品" in text
    for product in listed.products:
        assert f"合计{product.total}" in text
        assert "".join(product.name.split()) in text
    shares = sum(len(product.totes) for product in listed.products)
    assert sum(text.count(f"A{n:03d}") for n in range(1, 24)) == shares


@pytest.mark.rule("SRT-3")
def test_each_station_counts_its_own_pages_and_its_own_arrivals() -> None:
    lists = shapes.StationLists(
        example.HEAD, "11月23日团期", example.DAY, (example.station(1, 40), example.station(2, 3))
    )
    pages = page_words(pdf("station_list", lists))
    assert ["第1页/共3页" in pages[0], "第3页/共3页" in pages[2], "第1页/共1页" in pages[3]] == [True] * 3
    ordered = sum(line.quantity for order in lists.stations[0].orders for line in order.lines)
    assert f"40单{ordered}件7种商品" in pages[0]
    grapes = [line.quantity for order in lists.stations[1].orders for line in order.lines if "葡萄" in line.name]
    assert f"阳光玫瑰葡萄2斤/箱{sum(grapes)}" in pages[3]


@pytest.mark.rule("LDR-7")
def test_a_members_whole_phone_cannot_get_onto_a_list() -> None:
    with pytest.raises(ValueError, match="masked"):
        shapes.StationOrder(1, "李雷", "13900000000", ())


def test_a_driver_reads_stops_in_order_and_scans_the_run() -> None:
    sheet = example.route_sheet()
    text = words(pdf("route_sheet", sheet))
    assert text.index("14:24") < text.index("14:28") < text.index("14:56")
    for said in ("9站", "33箱", "153件", "38.5公里", "地下车库限高2.1米", "温度"):
        assert said in text
    assert codes(pictures("route_sheet", sheet, ppi=150)[0]) == ["LL:R:R1123-03"]


def test_a_picker_gets_one_slip_a_tote_with_its_code() -> None:
    slips = example.pick_slips(3)
    assert [codes(page) for page in pictures("pick_slips", slips, ppi=150)] == [[f"LL:T:A00{n}"] for n in (1, 2, 3)]
    assert "G-07-2" in words(pdf("pick_slips", slips))


def test_data_that_came_back_from_a_job_prints_the_same_paper() -> None:
    """A queued paper arrives as a plain mapping; a wrong one is refused by name."""
    sheet = example.labels(2)
    plain = dataclasses.asdict(sheet)
    assert pdf("labels", plain) == pdf("labels", sheet)
    with pytest.raises(ValueError, match="stock"):
        pdf("labels", {**plain, "stock": "wall"})
    with pytest.raises(ValueError, match="head"):
        pdf("labels", {"labels": []})


def test_a_time_without_a_zone_is_refused() -> None:
    head = dataclasses.replace(example.HEAD, made_at=datetime(2026, 11, 22))
    with pytest.raises(ValueError, match="aware"):
        pdf("labels", dataclasses.replace(example.labels(1), head=head))


def test_an_empty_day_still_prints() -> None:
    empty = dataclasses.replace(example.sorting_list(), products=())
    assert "0个品项" in words(pdf("sorting_list", empty))
    assert len(read(pdf("purchase_order", example.purchase_order(0))).pages) == 1
    assert len(read(pdf("route_sheet", example.route_sheet(0))).pages) == 1
    for template, paper in (
        ("labels", example.labels(0)), ("labels", example.labels(0, "a4")), ("station_list", example.station_lists(0)),
    ):  # fmt: skip
        assert len(read(pdf(template, paper)).pages) == 1  # type: ignore[arg-type]
