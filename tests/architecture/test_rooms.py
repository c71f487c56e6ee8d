"""Who may ask whom: floors, doors, purity, and the files and rings of topics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .checks.doors import check_doors
from .checks.floors import check_floors
from .checks.purity import check_purity
from .checks.topics import check_file_imports, check_file_names, check_rings
from .draw_machines import REPOSITORY
from .planting import Fault, assert_seen, plant

FAULTS = [
    Fault(
        "an early room asks a later one",
        check_floors,
        {"money/charge/commands.py": "from linli.ordering import place\n"},
        "linli/money/charge/commands.py:",
        "money asks ordering",
    ),
    Fault(
        "neighbours on one floor see each other",
        check_floors,
        {"people/__init__.py": '"""People."""\nimport linli.money\n'},
        "linli/people/__init__.py:2",
        "people asks money",
    ),
    Fault(
        "the kernel asks the platform inside a function",
        check_floors,
        {"kernel/weights.py": "def late():\n    from ..platform import clock\n    return clock\n"},
        "linli/kernel/weights.py:",
        "kernel asks platform",
    ),
    Fault(
        "a room nobody placed",
        check_floors,
        {"loyalty/__init__.py": '"""Loyalty."""\n'},
        "linli/loyalty",
        "no such room",
    ),
    Fault(
        "a file beside the rooms",
        check_floors,
        {"settings.py": '"""Settings."""\n'},
        "linli/settings.py",
        "beside the rooms",
    ),
    Fault(
        "somebody climbs in past the door",
        check_doors,
        {"ordering/order/commands.py": "from linli.money.charge.store import locked\n"},
        "linli/ordering/order/commands.py:",
        "past the door",
    ),
    Fault(
        "somebody takes a topic out through the door",
        check_doors,
        {"ordering/order/commands.py": "from linli.money import charge\n"},
        "linli/ordering/order/commands.py:",
        "past the door",
    ),
    Fault(
        "somebody opens another room's routes",
        check_doors,
        {"reactions/when_money_moves.py": "import linli.money.charge.http\n"},
        "linli/reactions/when_money_moves.py:",
        "past the door",
    ),
    Fault(
        "entry opens more than routes, jobs and records",
        check_doors,
        {"entry/web.py": "from linli.money.charge.commands import pay\n"},
        "linli/entry/web.py:",
        "past the door",
    ),
    Fault(
        "a name the door does not list",
        check_doors,
        {"ordering/order/commands.py": "from linli.money import pay\n"},
        "linli/ordering/order/commands.py:",
        "not in the __all__",
    ),
    Fault(
        "two levels into the platform",
        check_doors,
        {
            "platform/papers/__init__.py": '"""Papers."""\n__all__ = ["pdf"]\nfrom .drawing import pdf\n',
            "platform/papers/drawing.py": '"""Drawing."""\npdf = 1\n',
            "ordering/order/commands.py": "from linli.platform.papers import pdf\n",
            "ordering/order/jobs.py": '"""Papers."""\nfrom linli.platform.papers.drawing import pdf\n',
        },
        "linli/ordering/order/jobs.py:2",
        "two levels",
    ),
    Fault(
        "a room goes out through its own door",
        check_doors,
        {"money/charge/jobs.py": "from linli.money import open_charge\n"},
        "linli/money/charge/jobs.py:",
        "its own door",
    ),
    Fault(
        "everything is taken",
        check_doors,
        {"ordering/order/commands.py": "from linli.money import *\n"},
        "linli/ordering/order/commands.py:",
        "everything",
    ),
    Fault(
        "the kernel needs a library",
        check_purity,
        {"kernel/weights.py": "import pydantic\n"},
        "linli/kernel/weights.py:",
        "not the standard library",
    ),
    Fault(
        "a model asks the platform",
        check_purity,
        {"money/charge/model.py": "from linli.platform.clock import now\n"},
        "linli/money/charge/model.py:",
        "the kernel only",
    ),
    Fault(
        "a rule reads rows",
        check_purity,
        {"money/charge/rules.py": "from linli.money.charge.records import Charge\n"},
        "linli/money/charge/rules.py:",
        "its own topic's model",
    ),
    Fault(
        "a rule looks at the clock",
        check_purity,
        {"money/charge/rules.py": "import datetime as dt\nLATE = dt.datetime.now(dt.UTC)\n"},
        "linli/money/charge/rules.py:",
        "calls datetime.datetime.now",
    ),
    Fault(
        "a rule rolls dice",
        check_purity,
        {"money/charge/rules.py": "import random\n"},
        "linli/money/charge/rules.py:",
        "imports random",
    ),
    Fault(
        "a rule reads a file",
        check_purity,
        {"money/charge/rules.py": "WORDS = open('words.txt').read()\n"},
        "linli/money/charge/rules.py:",
        "calls open",
    ),
    Fault(
        "the kernel reads the environment",
        check_purity,
        {"kernel/weights.py": "import os\nHOME = os.environ['HOME']\n"},
        "linli/kernel/weights.py:",
        "imports os",
    ),
    Fault(
        "a reader of chains needs a library",
        check_purity,
        {"ordering/chain/numbers.py": '"""Numbers."""\nimport sqlalchemy\n'},
        "linli/ordering/chain/numbers.py:2",
        "not the standard library",
    ),
    Fault(
        "a file of no known name",
        check_file_names,
        {"money/charge/manager.py": '"""Everything."""\n'},
        "linli/money/charge/manager.py:1",
        "no file name of the house",
    ),
    Fault(
        "a file in the room itself",
        check_file_names,
        {"money/rates.py": '"""Rates."""\n'},
        "linli/money/rates.py:1",
        "in the room itself",
    ),
    Fault(
        "routes read the store",
        check_file_imports,
        {"money/charge/http.py": "from linli.money.charge.store import locked\n"},
        "linli/money/charge/http.py:",
        "http may ask",
    ),
    Fault(
        "the store asks another room",
        check_file_imports,
        {"ordering/order/store.py": '"""Orders."""\nfrom linli.money import ChargeState\n'},
        "linli/ordering/order/store.py:2",
        "another room",
    ),
    Fault(
        "a channel decides",
        check_file_imports,
        {"money/channels/interface.py": "from linli.money.charge.commands import pay\n"},
        "linli/money/channels/interface.py:",
        "channels may ask",
    ),
    Fault(
        "a fact knows the database",
        check_file_imports,
        {"money/charge/events.py": "from linli.platform.database import transaction\n"},
        "linli/money/charge/events.py:",
        "asks the platform",
    ),
    Fault(
        "a row behaves",
        check_file_imports,
        {"money/charge/records.py": "class Line:\n    def total(self):\n        return 1\n"},
        "linli/money/charge/records.py:",
        "no behaviour",
    ),
    Fault(
        "a row is followed lazily",
        check_file_imports,
        {"money/charge/records.py": "from sqlalchemy.orm import relationship\nlines = relationship()\n"},
        "linli/money/charge/records.py:",
        "lazily",
    ),
    Fault(
        "three topics ask in a ring",
        check_rings,
        {
            "money/ledger/commands.py": '"""Ledger."""\nfrom linli.money.refund import commands\n',
            "money/refund/commands.py": '"""Refunds."""\nfrom linli.money.charge import commands\n',
            "money/charge/commands.py": "from linli.money.ledger import commands\n",
            "money/ledger/__init__.py": '"""Ledger."""\n',
            "money/refund/__init__.py": '"""Refunds."""\n',
        },
        "linli/money/charge/commands.py:",
        "charge → ledger → refund → charge",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_check_sees_it(fault: Fault, tmp_path: Path) -> None:
    assert_seen(fault, tmp_path)


def test_two_rings_that_share_a_topic_are_both_told(tmp_path: Path) -> None:
    files = {
        "money/charge/commands.py": "from linli.money.ledger import model\nfrom linli.money.refund import model\n",
        "money/ledger/model.py": '"""Ledger."""\nfrom linli.money.charge import commands\n',
        "money/refund/model.py": '"""Refunds."""\nfrom linli.money.charge import commands\n',
    }
    told = " ".join(check_rings(plant(tmp_path, files)))
    assert "ledger" in told
    assert "refund" in told


def lint_imports(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the repository's contract on the package in a folder."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--config", str(REPOSITORY / ".importlinter"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_linter_finds_the_floors_kept(tmp_path: Path) -> None:
    answer = lint_imports(REPOSITORY / "src", tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_import_linter_passes_the_clean_house_and_sees_a_planted_fault(tmp_path: Path) -> None:
    clean = lint_imports(plant(tmp_path / "clean").parent, tmp_path)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    fault = FAULTS[0]
    answer = lint_imports(plant(tmp_path / "faulty", fault.files).parent, tmp_path)
    assert answer.returncode == 1
    assert "linli.money.charge.commands -> linli.ordering" in answer.stdout, answer.stdout


def test_import_linter_sees_a_room_nobody_placed(tmp_path: Path) -> None:
    answer = lint_imports(plant(tmp_path, {"loyalty/__init__.py": '"""Loyalty."""\n'}).parent, tmp_path)
    assert answer.returncode == 1
    assert "loyalty" in answer.stdout, answer.stdout
