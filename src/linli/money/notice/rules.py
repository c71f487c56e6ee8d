"""Whose number it is that somebody speaks of, and whether what is said can be."""

from linli.kernel.ids import parse_id, region_of
from linli.kernel.refusals import BadInput
from linli.money.notice.model import Answer, Verdict

CURRENCY = "CNY"


def number_id(number: str) -> int:
    """Return the id inside a channel or refund number (`123`, or `123-2` for a refund's second one); refuses BadId."""
    return parse_id(number.split("-", 1)[0])


def home_of(number: str) -> int | None:
    """Return the region in which a channel or refund number was made, or None for one that is not ours."""
    try:
        return region_of(number_id(number))
    except BadInput:
        return None


def doubt(answer: Answer, *, channel: str, amount_fen: int) -> Verdict | None:
    """Say why an answer cannot be about this amount on this channel, or None when it fits."""
    if answer.channel != channel:
        return Verdict.WRONG_CHANNEL
    if answer.currency != CURRENCY:
        return Verdict.WRONG_CURRENCY
    if answer.amount_fen != amount_fen:
        return Verdict.WRONG_AMOUNT
    return None
