"""The worked example of docs/promotions.md: the files in it, written out, are a new kind of promotion."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import linli.marketing
from linli.kernel.price import KINDS, RULES
from linli.marketing.promotion.commands import PROMOTIONS
from linli.platform.database import Tx
from linli.platform.settings import declared
from tests.marketing.stall import ordered, quoted, setting
from tests.ordering.village import Village

REPOSITORY = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n# monday/(\w+\.py)\n(.*?)```", re.DOTALL)


def written(room: Path) -> list[str]:
    """Write the example's files into a room and return their names."""
    blocks = BLOCK.findall((REPOSITORY / "docs" / "promotions.md").read_text(encoding="utf-8"))
    (room / "monday").mkdir(parents=True)
    for name, code in blocks:
        (room / "monday" / name).write_text(code, encoding="utf-8")
    return [name for name, _ in blocks]


def test_a_folder_is_all_that_a_new_kind_needs(tmp_path: Path) -> None:
    house = REPOSITORY / "src" / "linli"
    room = tmp_path / "linli" / "marketing"
    assert written(room) == ["__init__.py", "model.py", "rules.py", "commands.py"]
    for inside, outside in ((room.parent, house), (room, house / "marketing")):
        for each in outside.iterdir():
            if not (inside / each.name).exists():
                (inside / each.name).symlink_to(each)
    look = (
        "import linli.marketing; from linli.kernel.price import RULES; "
        "from linli.marketing.promotion.commands import PROMOTIONS; print('monday' in RULES, 'monday' in PROMOTIONS)"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        [sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert told.stdout.split() == ["True", "True"]


@pytest.fixture
def monday(tmp_path: Path) -> Iterator[None]:
    """The example as a topic of the room, for one test."""
    written(tmp_path)
    linli.marketing.__path__.append(str(tmp_path))
    for name in ("rules", "commands"):
        importlib.import_module(f"linli.marketing.monday.{name}")
    yield
    linli.marketing.__path__.remove(str(tmp_path))
    del RULES["monday"], KINDS["monday"], PROMOTIONS["monday"], linli.marketing.monday  # type: ignore[attr-defined]
    for name in [name for name in sys.modules if name.startswith("linli.marketing.monday")]:
        del sys.modules[name]
    for name in ("monday.category", "monday.off_bp"):
        del declared[name]


@pytest.mark.usefixtures("monday")
async def test_orders_meet_the_new_kind_on_mondays_only(village: Village) -> None:
    of_apples = text("SELECT category_id FROM sale.offers WHERE region_id = :region_id AND id = :id")

    async def category(tx: Tx) -> int:
        found = await tx.execute(of_apples, {"region_id": tx.region_id, "id": village.apples})
        return int(found.scalar_one())

    lines = ((village.apples, 1), (village.milk, 2))
    assert (await quoted(village, village.lady, *lines))["payable_fen"] == 6_400
    await setting(village, monday__category=await village.do(category))
    order = await ordered(village, village.lady, *lines)
    assert order["payable_fen"] == 6_400 - 390
    assert [line["payable_fen"] for line in order["lines"]] == [3_510, 2_500]
    village.cycle_id, village.offers = await village.open_cycle(date(2026, 11, 25), at_once=True)
    await setting(village, monday__category=await village.do(category))
    lines = ((village.apples, 1), (village.milk, 2))
    assert (await quoted(village, village.lady, *lines))["payable_fen"] == 6_010
    village.clock.set(village.clock.now() + timedelta(days=1))
    assert (await quoted(village, village.lady, *lines))["payable_fen"] == 6_400
