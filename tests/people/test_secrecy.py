"""What is sealed stays closed to everybody without the key, and can still be found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.platform.secrecy import SealBroken, blind, hash_password, password_fits, seal, unseal

KEY, OTHER = b"k" * 32, b"o" * 32


@given(st.text(max_size=80))
def test_a_sealed_text_opens_to_the_same_text_and_never_looks_the_same_twice(text: str) -> None:
    first, second = seal(KEY, "people.phone", text), seal(KEY, "people.phone", text)
    assert first != second
    assert unseal(KEY, "people.phone", first) == unseal(KEY, "people.phone", second) == text


def test_a_seal_does_not_open_under_another_key_in_another_context_or_when_changed() -> None:
    sealed = seal(KEY, "people.phone", "13800000000")
    changed = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
    for key, context, text in [
        (OTHER, "people.phone", sealed),
        (KEY, "people.login", sealed),
        (KEY, "people.phone", changed),
        (KEY, "people.phone", sealed[:10]),
        (KEY, "people.phone", "13800000000"),
        (KEY, "people.phone", ""),
    ]:
        with pytest.raises(SealBroken):
            unseal(key, context, text)


def test_a_blind_index_is_the_same_for_the_same_phone_only() -> None:
    index = blind(KEY, "people.phone", "13800000000")
    assert index == blind(KEY, "people.phone", "13800000000")
    assert "13800000000" not in index
    different = {blind(OTHER, "people.phone", "13800000000"), blind(KEY, "people.login", "13800000000")}
    assert index not in different | {blind(KEY, "people.phone", "13800000001")}


async def test_a_password_fits_only_itself_and_nobodys_password_fits_nothing() -> None:
    hashed = await hash_password("Nine-lives-of-a-cat")
    assert hashed.startswith("$argon2id$")
    assert await password_fits("Nine-lives-of-a-cat", hashed)
    assert not await password_fits("nine-lives-of-a-cat", hashed)
    assert not await password_fits("Nine-lives-of-a-cat", None)
