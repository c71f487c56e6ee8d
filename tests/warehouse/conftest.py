"""The depot of the warehouse tests."""

from __future__ import annotations

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.people_cast import Cast
from tests.supply.depot import Depot


@pytest.fixture
async def depot(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> Depot:
    """王姐's and 周叔's stations and an open cycle of three goods, on Monday in Shanghai."""
    return await Depot.open(Cast(client, installation, region_id))
