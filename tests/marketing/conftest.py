"""The village of the ordering tests, where promotions meet orders."""

from __future__ import annotations

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.ordering.village import Village
from tests.people_cast import Cast


@pytest.fixture
async def village(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> Village:
    """王姐's station with 李阿姨 and 赵叔, and an open cycle of three goods, on Monday 14:00 in Shanghai."""
    return await Village.found(Cast(client, installation, region_id))
