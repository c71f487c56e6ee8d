"""Neighbours can be told apart; nobody can be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.masking import mask_name, mask_phone


@pytest.mark.rule("LDR-7")
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_keeps_four_digits_to_itself(phone: str) -> None:
    assert mask_phone(phone) == phone[:3] + "****" + phone[-4:]
    assert mask_phone(f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}") == mask_phone(phone)


@pytest.mark.rule("LDR-7")
@given(st.text("0123456789", max_size=20))
def test_at_least_four_digits_of_any_number_are_hidden(phone: str) -> None:
    masked = mask_phone(phone)
    assert masked.count("*") >= min(4, len(phone))
    assert len(masked) == len(phone)


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=12))
def test_a_name_is_never_shown_whole(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) == len(name)
    assert masked.count("*") >= max(1, len(name) - 2)


def test_names_read_as_on_a_parcel() -> None:
    assert [mask_name(name) for name in ("张三", "张三丰", "欧阳娜娜", "李", "", " 王五 ")] == [
        "张*", "张*丰", "欧**娜", "*", "", "王*",
    ]  # fmt: skip
    assert [mask_phone(phone) for phone in ("13812345678", "057112345678", "110", "")] == [
        "138****5678", "057*****5678", "***", "",
    ]  # fmt: skip
