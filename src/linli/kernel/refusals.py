"""Refusals: the ways Linli says no, each a named fact with a stable code and the numbers a client needs."""

import re
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Refusal(Exception):
    """A no that is part of the business, not a bug; subclasses are named as facts (CouponExpired).

    A subclass that does not declare its `code` and `title` gets them from its own name: coupon_expired, Coupon expired.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refusal"
    title: ClassVar[str] = "Refused"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        words = _WORD_START.sub(" ", cls.__name__).lower()
        if "code" not in cls.__dict__:
            cls.code = words.replace(" ", "_")
        if "title" not in cls.__dict__:
            cls.title = words.capitalize()

    def __init__(self, detail: str = "", **facts: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.facts = facts


class BadInput(Refusal):
    """What was sent cannot be understood or contradicts itself."""

    status = 422


class NotFound(Refusal):
    """There is no such thing, or none that the asker may know of."""

    status = 404


class NotAllowed(Refusal):
    """The asker is known and may not do this."""

    status = 403


class NotSignedIn(Refusal):
    """It is not proven who asks."""

    status = 401


class Conflict(Refusal):
    """It cannot be done as things stand now."""

    status = 409


class Gone(Refusal):
    """It was there once and will not come back."""

    status = 410


class TooLarge(Refusal):
    """More was sent than is read at once."""

    status = 413


class TooMany(Refusal):
    """It was asked too often in too short a time."""

    status = 429


class UpstreamTrouble(Refusal):
    """Somebody outside does not answer; the same call may be tried again."""

    status = 503


def all_refusals() -> list[type[Refusal]]:
    """List every kind of refusal that is imported now, ordered by code."""
    return sorted(_below(Refusal), key=lambda kind: (kind.code, kind.__module__, kind.__qualname__))


def _below(kind: type[Refusal]) -> set[type[Refusal]]:
    children = set(kind.__subclasses__())
    return children.union(*(_below(child) for child in children))
