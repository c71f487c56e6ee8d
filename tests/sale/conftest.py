"""The market and the cast of a test's own region."""

from __future__ import annotations

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.people_cast import Cast
from tests.sale.market import Market


@pytest.fixture
async def market(installation: Installation, region_id: int) -> Market:
    """A market in a region of this test alone, on Monday morning."""
    return Market.of(installation, region_id)


@pytest.fixture
def cast(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> Cast:
    """Everybody in this test's region."""
    return Cast(client, installation, region_id)
