"""The village of the after-sale tests, with 李阿姨's apples at home and customer service at the desk."""

from __future__ import annotations

import pytest

from linli import money
from tests.aftersale.counter import Counter
from tests.ordering.conftest import village
from tests.ordering.village import Village

__all__ = ["counter", "village"]


@pytest.fixture
async def counter(village: Village, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Three boxes of apples and two bottles of milk that 李阿姨 collected just now; refunds go back in cash."""
    monkeypatch.setitem(village.installation.channels, "offline", money.OfflineChannel())
    return await Counter.set_up(village)
