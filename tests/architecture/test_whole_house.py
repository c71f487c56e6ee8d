"""The house as it stands: every check on the real source, tables, routes and machines."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from starlette.applications import Starlette

from .checks import sql, states, topics, transactions
from .checks.catalogue import check_catalogue, check_homes
from .checks.commands import check_commands
from .checks.doors import check_doors
from .checks.floors import check_floors
from .checks.machines import check_drawing, check_machines
from .checks.moments import check_moments
from .checks.names import check_docstrings, check_drawers
from .checks.presets import check_presets
from .checks.purity import check_purity
from .checks.routes import check_routes
from .checks.sizes import check_sizes
from .checks.sql import check_sql
from .checks.states import check_states
from .checks.topics import check_file_imports, check_file_names, check_rings
from .checks.transactions import check_calls_outside, check_clients, check_committer, check_openers
from .checks.tree import excepted, sources
from .draw_machines import DRAWING, SOURCE
from .planting import Check, plant

CHECKS: list[Check] = [
    check_floors, check_doors, check_purity, check_sql, check_file_names, check_file_imports, check_rings, check_sizes,
    check_states, check_committer, check_clients, check_openers, check_calls_outside, check_moments, check_drawers,
    check_docstrings, check_presets, check_commands, check_machines,
]  # fmt: skip


def told(found: list[str]) -> str:
    """Return the violations one to a line, for people to read."""
    return "\n" + "\n".join(found)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted house without a fault."""
    return plant(tmp_path_factory.mktemp("clean"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_house_keeps(check: Check) -> None:
    found = check(SOURCE)
    assert not found, told(found)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_clean_house_passes(check: Check, clean: Path) -> None:
    assert check(clean) == []


def test_every_exception_has_a_reason_and_still_something_to_except() -> None:
    found = sources(SOURCE)
    for exceptions in (sql.EXCEPTIONS, states.EXCEPTIONS, transactions.EXCEPTIONS):
        for place, reason in exceptions.items():
            assert reason.strip(), place
            assert any(excepted(source, {place: reason}) for source in found), f"{place} is gone; take it off the list"
    places = {source.inside for source in found}
    for extras in (topics.PURE_EXTRAS, topics.OTHER_EXTRAS):
        for (room, topic), files in extras.items():
            for name, reason in files.items():
                assert reason.strip(), name
                assert f"{room}/{topic}/{name}.py" in places, f"{room}/{topic}/{name}.py is gone; take it off the list"


def test_the_tables_are_valid_on_one_server_and_on_a_cluster() -> None:
    for source in sources(SOURCE):
        if "__tablename__" in source.text:
            importlib.import_module(source.module)
    base = importlib.import_module("linli.platform.manifest").Base
    assert base.metadata.tables, "no table was found"
    found = [*check_catalogue(base.metadata), *check_homes(mapper.class_ for mapper in base.registry.mappers)]
    assert not found, told(found)


def test_every_route_says_for_whom_it_is_and_what_permission_it_takes(app: Starlette) -> None:
    found = check_routes(app)
    assert not found, told(found)


def test_the_drawing_of_the_machines_is_up_to_date() -> None:
    found = check_drawing(SOURCE, DRAWING)
    assert not found, told(found)
