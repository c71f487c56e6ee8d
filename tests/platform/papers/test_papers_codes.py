"""Codes carry exactly what was put in, however it is drawn, and refuse what they would change."""

from __future__ import annotations

import io

import pytest
import typst
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from linli.platform.papers import Code, capital_yuan, svg


def scanned(code: Code) -> list[tuple[str, str]]:
    """Print the drawing alone, as small as papers do, and read it back as (format, text)."""
    size = "width: 32mm" if code.kind == "qr" else "height: 10mm"
    source = f"#set page(width: auto, height: auto, margin: 6mm)\n#image(bytes(sys.inputs.code), {size})"
    page = typst.compile(source.encode(), format="png", ppi=600, sys_inputs={"code": svg(code)})
    assert isinstance(page, bytes)
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))
    return [(str(each.format).removeprefix("BarcodeFormat."), each.text) for each in found]


@settings(max_examples=60)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_a_qr_code_reads_back_as_it_was_written(text: str) -> None:
    assert [found for _, found in scanned(Code(text))] == [text]


@pytest.mark.parametrize("text", ["邻里 提货码 128409", "阳光花园①号", "https://linli.example/p?c=1&团=2"])
def test_chinese_in_a_qr_code_survives(text: str) -> None:
    assert [found for _, found in scanned(Code(text))] == [text]


def test_a_short_qr_code_is_never_a_micro_one() -> None:
    assert svg(Code("1")).count('width="29"') == 1
    assert [found for _, found in scanned(Code("1"))] == ["1"]


@settings(max_examples=25)
@given(st.from_regex(r"[0-9A-Z\-]{1,22}", fullmatch=True))
@example("99")
@example("9912")
@example("99WJ38N168665UQ5U")
@example("A9912")
def test_a_document_number_reads_back_from_its_bars(text: str) -> None:
    assert [found for _, found in scanned(Code(text, "code128"))] == [text]


def test_a_product_barcode_reads_back_as_the_same_product() -> None:
    assert scanned(Code("6901234567892", "ean13")) in (
        [("EAN13", "6901234567892")], [("EAN-13", "6901234567892")],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (Code("6901234567890", "ean13"), "check digit"),
        (Code("690123456789", "ean13"), "13 digits"),
        (Code("六九零一二三四五六七八九二", "ean13"), "13 digits"),
        (Code("采购单1", "code128"), "ASCII"),
        (Code("", "qr"), "needs a text"),
    ],
)
def test_a_code_that_would_mean_something_else_is_refused(code: Code, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        svg(code)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (105, "壹元零伍分"),
        (110, "壹元壹角整"),
        (123_456, "壹仟贰佰叁拾肆元伍角陆分"),
        (1_000_00, "壹仟元整"),
        (1_005_00, "壹仟零伍元整"),
        (10_001_00, "壹万零壹元整"),
        (10_100_00, "壹万零壹佰元整"),
        (105_000_00, "壹拾万伍仟元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (120_300_040_05, "壹亿贰仟零叁拾万零肆拾元零伍分"),
        (-192, "负壹元玖角贰分"),
    ],
)
def test_an_amount_in_capitals_reads_as_a_voucher_wants_it(fen: int, words: str) -> None:
    assert capital_yuan(fen) == words


_DIGIT = {word: n for n, word in enumerate("零壹贰叁肆伍陆柒捌玖")}
_PLACE = {"拾": 10, "佰": 100, "仟": 1_000}


def understood(words: str) -> int:
    """Read capitals back as fen, by another road than they were written."""
    sign = -1 if words.startswith("负") else 1
    fen = total = group = digit = 0
    for word in words.removeprefix("负").removesuffix("整"):
        if word in _DIGIT:
            digit = _DIGIT[word]
        elif word in _PLACE:
            group, digit = group + digit * _PLACE[word], 0
        elif word in "万亿":
            total, group, digit = total + (group + digit) * (10_000 if word == "万" else 100_000_000), 0, 0
        elif word == "元":
            total, group, digit = (total + group + digit) * 100, 0, 0
        elif word in "角分":
            fen, digit = fen + digit * (10 if word == "角" else 1), 0
    return sign * (total + fen)


@settings(max_examples=500)
@given(st.integers(-(10**14) + 1, 10**14 - 1))
def test_capitals_always_say_the_same_amount(fen: int) -> None:
    assert understood(capital_yuan(fen)) == fen


def test_an_amount_beyond_every_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="large"):
        capital_yuan(10**14)
