"""Codes that name an inviter, the marks newcomers are recognised by, and when a reward is withheld."""

from __future__ import annotations

from collections.abc import Mapping

from linli.kernel.ids import MAX_ID
from linli.kernel.refusals import NotFound
from linli.kernel.width import half_width
from linli.marketing.invite.model import Mark

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter looks like a digit
LOOKS_LIKE = str.maketrans("OIL", "011")


class InviteUnknown(NotFound):
    """There is no such invite code in this region."""

    title = "邀请码不存在"


def code_of(member_id: int) -> str:
    """Return a member's invite code: the id in 32 letters, with one that proves the others."""
    letters, rest = [], member_id
    while rest:
        rest, at = divmod(rest, 32)
        letters.append(LETTERS[at])
    return "".join(reversed(letters)) + LETTERS[member_id % 31]


def member_of(code: str) -> int:
    """Return the member whose code this is, however it was typed; refuses InviteUnknown."""
    letters = code.strip().upper().translate(LOOKS_LIKE)
    if len(letters) < 2 or any(letter not in LETTERS for letter in letters):
        raise InviteUnknown("not an invite code")
    number = 0
    for letter in letters[:-1]:
        number = number * 32 + LETTERS.index(letter)
        if number > MAX_ID:
            raise InviteUnknown("not an invite code")
    if LETTERS[number % 31] != letters[-1]:
        raise InviteUnknown("not an invite code")
    return number


def address_mark(station_id: int | None, place: str) -> str:
    """Return the mark of an address at a station, however it was written; empty when it is not known."""
    written = "".join(half_width(place).split()).lower()
    return f"{station_id}:{written}" if station_id and written else ""


def seen_before(newcomer_id: int, owners: Mapping[str, int]) -> str:
    """Return the first kind of mark that belongs to an earlier newcomer, or nothing."""
    return next((str(mark) for mark in Mark if owners.get(mark, newcomer_id) != newcomer_id), "")


def withheld(clash: str, *, address: str, inviters_address: str, rewarded: int, cap: int) -> str:
    """Return why a newcomer brings no reward, or nothing: a mark of an earlier newcomer, the inviter's own home, or
    enough rewards this month."""
    if clash:
        return f"same_{clash}"
    if address and address == inviters_address:
        return "inviters_address"
    return "monthly_cap" if rewarded >= cap else ""
