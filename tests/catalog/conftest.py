"""The cast of the catalogue tests."""

from __future__ import annotations

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.people_cast import Cast


@pytest.fixture
def cast(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> Cast:
    """Everybody in this test's region."""
    return Cast(client, installation, region_id)
