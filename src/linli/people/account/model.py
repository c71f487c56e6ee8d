"""What is known about proving who somebody is: codes, sessions, and how long each lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

CODE_LIFE: Final = timedelta(minutes=5)
CODE_ATTEMPTS: Final = 5
INVITATION_LIFE: Final = timedelta(hours=24)
SIGN_IN_WINDOW: Final = timedelta(minutes=15)
SIGN_INS_HERE: Final = 10  # one login from one address
SIGN_INS_ANYWHERE: Final = 60  # one login, whatever the address
ROTATION_GRACE: Final = timedelta(seconds=60)  # an answer that was lost on the way is asked for again within this time

SESSION_LIFE: Final = {
    "app": timedelta(days=60),
    "leader": timedelta(days=60),
    "supplier": timedelta(days=7),
    "driver": timedelta(days=7),
    "warehouse": timedelta(days=7),
    "console": timedelta(days=7),
}
"""How long a session lives when nobody refreshes it."""


class CodeVerdict(StrEnum):
    """What came of a phone code."""

    accepted = "accepted"
    wrong = "wrong"
    expired = "expired"
    locked = "locked"


@dataclass(frozen=True, slots=True)
class CodeValue:
    """The one code of a phone that may be alive.

    Its blind index, its end, the wrong attempts, and by which request it was spent.
    """

    code_index: str
    expires_at: datetime
    attempts: int
    spent_by: str


class RefreshVerdict(StrEnum):
    """What came of a refresh token.

    It is used in turn, asked for again after a lost answer, or not accepted (and why).
    """

    turn = "turn"
    repeat = "repeat"
    ended = "ended"
    stolen = "stolen"


@dataclass(frozen=True, slots=True)
class SessionValue:
    """One session: whose it is, its present and previous refresh secret (hashed), and its ends."""

    id: int
    account_id: int
    audience: str
    person_id: int
    secret_hash: str
    previous_hash: str
    rotated_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Identity:
    """By what an account was found: the account, its last four signs, and whether the account is new."""

    account_id: int
    tail: str
    fresh: bool
