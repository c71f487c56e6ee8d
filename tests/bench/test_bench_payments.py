"""`linli bench payments` measures what it says: genuine notices, each kept and acted on once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from linli import money
from linli.bench import PaymentsWanted, bench_payments, ground
from linli.entry.opening import opened
from linli.platform.config import Config


@pytest.mark.rule("P3")
async def test_notices_of_a_rush_are_taken_in_by_a_real_server_and_none_is_lost(server_url: str) -> None:
    with ground(server_url) as here:
        config = Config(home=here.home, database_url=here.url)
        async with opened(config) as installation:

            async def act(region_id: int) -> int:
                return await installation.db.run(money.poll_unanswered, region_id, by="test")

            wanted = PaymentsWanted(seconds=1.0, connections=16, prepared_per_s=200)
            report = await bench_payments(wanted, here, act, datetime.now(UTC).date())
    assert report["lost_or_doubled"] == 0
    assert set(report["answers"]) <= {"200"}
    assert report["kept"]["paid"] == report["kept"]["notices"] > 100
    assert report["noop_http_per_s"] > 0
