"""Pure arithmetic of reconciliation: the expected fee, and the day of a bill as instants."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
READY_AT = time(10, 30)


def expected_fee(amount_fen: int, rate_bp: int) -> int:
    """Return the provider's fee in fen, half up for each transaction, as WeChat Pay's contract says."""
    return (amount_fen * rate_bp + 5_000) // 10_000


def is_fee_as_agreed(fee_fen: int, amount_fen: int, rate_bp: int, *, refund: bool) -> bool:
    """Tell whether a line's fee is the agreed one; what comes back of it in proportion may be a fen off."""
    expected = expected_fee(amount_fen, rate_bp)
    return abs(-fee_fen - expected) <= 1 if refund else fee_fen == expected


def span_of(day: date) -> tuple[datetime, datetime]:
    """Return the first instant of a bill's day and of the next one; providers cut their days in China's time."""
    begins = [datetime.combine(each, time(), SHANGHAI).astimezone(UTC) for each in (day, day + timedelta(days=1))]
    return begins[0], begins[1]


def newest_day(now: datetime) -> date:
    """Return the newest day whose bill the providers have written: yesterday's, from half past ten on."""
    local = now.astimezone(SHANGHAI)
    return local.date() - timedelta(days=1 if local.time() >= READY_AT else 2)
