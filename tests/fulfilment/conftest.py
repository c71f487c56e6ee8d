"""The yard of the fulfilment tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.fulfilment.yard import Yard, statements
from tests.people_cast import Cast


@pytest.fixture
def cast(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> Cast:
    """Everybody a test needs."""
    return Cast(client, installation, region_id)


@pytest.fixture
async def yard(cast: Cast) -> Yard:
    """One van, three paid orders at two stations, everything received on Tuesday at 09:30."""
    return await Yard.open(cast)


@pytest.fixture
def counted(installation: Installation) -> Callable[[], AbstractContextManager[list[str]]]:
    """A block in which every statement sent to the database is collected."""
    return partial(statements, installation)
