"""The towns of the stories: built once on a database of their own, so that nothing they do disturbs other tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from linli.entry.channels import put_channels
from linli.entry.web import build_app
from linli.platform.clock import SteeredClock
from linli.platform.config import Config
from linli.platform.installation import Installation
from tests.conftest import MORNING, clone, drop
from tests.stories.town import Town, another_town


@dataclass
class Place:
    """An installation of its own with its application, a client, and two towns."""

    installation: Installation
    app: Any
    client: httpx2.AsyncClient
    town: Town
    far: Town


@pytest.fixture(scope="module")
async def place(server_url: str, template: str, home: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Two towns on a fresh database of the test module."""
    label = f"linli_{request.module.__name__.rpartition('.')[2]}_{os.getpid()}"
    folder = home / label
    folder.mkdir()
    config = Config(home=folder, database_url=clone(server_url, template, label), development=True, pool_size=20)
    installation = await Installation.open(config, clock=SteeredClock(MORNING), guard=True)
    put_channels(installation)
    app = build_app(installation)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://linli.test") as client:
        town = await another_town(installation, client, 7)
        assert isinstance(installation.clock, SteeredClock)
        installation.clock.set(MORNING)
        yield Place(installation, app, client, town, await another_town(installation, client, 8))
    await installation.close()
    drop(server_url, label)
