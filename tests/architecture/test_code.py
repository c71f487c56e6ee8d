"""How the code of a room is written: SQL, sizes, states, transactions, moments, names, presets, commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checks.commands import check_commands
from .checks.moments import check_moments
from .checks.names import check_docstrings, check_drawers
from .checks.presets import check_presets
from .checks.sizes import check_sizes, p95
from .checks.sql import check_sql, looks_like_sql
from .checks.states import check_states
from .checks.transactions import check_calls_outside, check_clients, check_committer, check_openers
from .planting import Check, Fault, assert_seen, plant

COMMANDS = "money/charge/commands.py"
STORE = "money/charge/store.py"


def fault(name: str, check: Check, path: str, text: str, says: str) -> Fault:
    """Plant one text into one file; the check must point at that file."""
    return Fault(name, check, {path: text}, f"linli/{path}:", says)


def long_function(name: str, lines: int, start: str = "def") -> str:
    """Return a documented function of so many lines."""
    return f'{start} {name}(tx):\n    """Count."""\n' + "    tx += 1\n" * (lines - 2)


FAULTS = [
    fault(
        "a command imports select", check_sql, COMMANDS, "from sqlalchemy import select\n", "imports sqlalchemy.select"
    ),
    fault("a command imports the driver", check_sql, COMMANDS, "import psycopg\n", "imports psycopg"),
    fault(
        "a route holds a statement", check_sql, "money/charge/http.py", "A = 'SELECT 1 FROM x'\n", "holds the statement"
    ),
    fault(
        "a job updates in small letters",
        check_sql,
        "money/charge/jobs.py",
        "A = f'update {1}.x set a = 1'\n",
        "statement",
    ),
    fault("a reaction deletes", check_sql, "reactions/when_money_moves.py", "A = 'DELETE FROM money.x'\n", "statement"),
    fault(
        "a command runs a statement", check_sql, COMMANDS, "async def _a(tx):\n    await tx.execute(1)\n", ".execute()"
    ),
    fault("a function of 61 lines", check_sizes, COMMANDS, long_function("endless", 61), "endless has 61 lines"),
    fault("a file of 401 lines", check_sizes, "money/charge/rules.py", "A = 1\n" * 401, "lines, more than 400"),
    fault(
        "a reaction of 16 lines",
        check_sizes,
        "reactions/when_money_moves.py",
        long_function("everything_happens", 16, "async def"),
        "16 lines, more than 15",
    ),
    Fault(
        "a topic of more than 1,500 lines",
        check_sizes,
        {f"money/charge/channels/part{number}.py": '"""Part."""\n' + "A = 1\n" * 240 for number in range(7)},
        "linli/money/",
        "more than 1500",
    ),
    Fault(
        "a room of ten topics",
        check_sizes,
        {f"money/topic{number}/model.py": '"""States."""\n' for number in range(9)},
        "linli/money:",
        "10 topics, more than 9",
    ),
    Fault(
        "a door of 41 names",
        check_sizes,
        {"ordering/__init__.py": f'"""Door."""\n__all__ = {[f"name{number}" for number in range(41)]}\n'},
        "linli/ordering/__init__.py:",
        "41 names, more than 40",
    ),
    Fault(
        "most functions are long",
        check_sizes,
        {"money/charge/rules.py": "\n\n".join(long_function(f"long{number}", 40) for number in range(6))},
        "linli:1",
        "95 of 100 functions",
    ),
    Fault(
        "most files are long",
        check_sizes,
        {f"platform/part{number}.py": '"""Part."""\n' + "A = 1\n" * 300 for number in range(4)},
        "linli:1",
        "95 of 100 files",
    ),
    fault(
        "a state is assigned", check_states, COMMANDS, "def _pay(order):\n    order.state = 'paid'\n", "assigns .state"
    ),
    fault(
        "a state is assigned beside", check_states, COMMANDS, "def _p(o):\n    a, o.state = 1, 'x'\n", "assigns .state"
    ),
    fault(
        "a state is set by name", check_states, COMMANDS, "def _p(o):\n    setattr(o, 'state', 'x')\n", "assigns .state"
    ),
    fault(
        "an update sets state",
        check_states,
        STORE,
        "from sqlalchemy import update\nB = update(Charge).where(1).values(state='paid')\n",
        "an update sets state",
    ),
    fault(
        "an update sets state by a mapping",
        check_states,
        STORE,
        "from sqlalchemy import update\nchange = update(Charge)\nB = change.values({'state': 'paid'})\n",
        "an update sets state",
    ),
    fault(
        "an upsert sets state",
        check_states,
        STORE,
        "B = insert(Charge).values(state='open').on_conflict_do_update(set_={'state': 'paid'})\n",
        "an upsert sets state",
    ),
    fault(
        "SQL sets state",
        check_states,
        STORE,
        "B = text('UPDATE x SET a = 1, state = 2 WHERE b')\n",
        "sets state in SQL",
    ),
    fault(
        "a command commits", check_committer, COMMANDS, "async def _a(tx):\n    await tx.commit()\n", "calls .commit()"
    ),
    fault(
        "the platform commits twice over",
        check_committer,
        "platform/outbox.py",
        '"""Outbox."""\nasync def a(e):\n    async with e.begin():\n        pass\n',
        "calls .begin()",
    ),
    Fault(
        "nothing commits",
        check_committer,
        {"platform/database.py": '"""No commit."""\n'},
        "linli/platform/database.py",
        "commits nothing",
    ),
    fault("a command imports a client", check_clients, COMMANDS, "import httpx2\n", "imports httpx2"),
    fault(
        "a route fetches",
        check_clients,
        "money/charge/http.py",
        "from urllib.request import urlopen\n",
        "imports urllib",
    ),
    fault(
        "a command opens a transaction",
        check_openers,
        COMMANDS,
        "async def a(db):\n    async with db.transaction(1) as tx:\n        pass\n",
        "opens a transaction",
    ),
    fault(
        "a job pays while its transaction is open",
        check_calls_outside,
        "money/charge/jobs.py",
        "async def b(db, channel):\n    async with db.transaction(1) as tx:\n        await channel.refund(1)\n",
        "awaits channel.refund() inside a transaction",
    ),
    fault(
        "a command asks a channel out of a table",
        check_calls_outside,
        COMMANDS,
        "async def b(tx, *, house):\n    return await house.channels['wechat'].query(1)\n",
        "where one is open",
    ),
    fault(
        "a job calls outside one function further",
        check_calls_outside,
        "money/charge/jobs.py",
        "async def _ask(channel):\n    return await channel.query(1)\n\n"
        "async def b(db, channel):\n    async with db.transaction(1):\n        await _ask(channel)\n",
        "awaits _ask()",
    ),
    fault("a command reads the clock", check_moments, COMMANDS, "import time\nA = time.time()\n", "time.time"),
    fault(
        "a query reads utcnow", check_moments, STORE, "from datetime import datetime\nA = datetime.utcnow()\n", "utcnow"
    ),
    fault(
        "a field fills itself from the clock",
        check_moments,
        STORE,
        "import datetime\nA = datetime.date.today\n",
        "today",
    ),
    fault(
        "the database is asked the time",
        check_moments,
        STORE,
        "from sqlalchemy import func\nA = func.now()\n",
        "func.now",
    ),
    Fault(
        "a drawer for everything",
        check_drawers,
        {"money/utils/model.py": '"""Things."""\n', "platform/helpers.py": '"""Things."""\n'},
        "linli/",
        "'helpers' says nothing",
    ),
    Fault(
        "a file says nothing",
        check_docstrings,
        {"money/ledger/model.py": "A = 1\n"},
        "ledger/model.py:1",
        "opens without",
    ),
    fault(
        "a public function says nothing",
        check_docstrings,
        COMMANDS,
        "def refund():\n    pass\n",
        "refund has no docstring",
    ),
    fault("code asks for the preset", check_presets, COMMANDS, "def _a(p):\n    return p == 'duoduo'\n", "'duoduo'"),
    fault(
        "code asks for one of two", check_presets, STORE, "def _a(p):\n    return p in ('starter', 'x')\n", "'starter'"
    ),
    fault(
        "code matches the preset",
        check_presets,
        COMMANDS,
        "def _a(p):\n    match p:\n        case 'shequn':\n            return 1\n",
        "'shequn'",
    ),
    fault(
        "a command without tx",
        check_commands,
        COMMANDS,
        "async def refund(number):\n    pass\n",
        "does not take tx first",
    ),
    fault(
        "a command by position",
        check_commands,
        COMMANDS,
        "async def refund(tx, number):\n    pass\n",
        "number by position",
    ),
    fault(
        "a command with tx last",
        check_commands,
        COMMANDS,
        "def _refund(number, tx):\n    pass\n",
        "does not take tx first",
    ),
    fault(
        "a command of many", check_commands, COMMANDS, "async def refund(tx, *numbers):\n    pass\n", "takes *numbers"
    ),
]


@pytest.mark.parametrize("planted", FAULTS, ids=str)
def test_the_check_sees_it(planted: Fault, tmp_path: Path) -> None:
    assert_seen(planted, tmp_path)


@pytest.mark.parametrize(
    "words",
    ["Select a product from the list", "please update your address", "the member's orders, from here", "deleted"],
)
def test_a_sentence_is_not_taken_for_sql(words: str) -> None:
    assert not looks_like_sql(words)


@pytest.mark.parametrize(
    "words",
    [
        "select id\nfrom money.charges",
        "  INSERT INTO money.charges VALUES (1)",
        "WITH open AS (SELECT 1)",
        "update money.charges c set paid = true",
        "TRUNCATE TABLE x",
    ],
)
def test_a_statement_is_taken_for_sql(words: str) -> None:
    assert looks_like_sql(words)


def test_reading_by_state_and_inserting_the_first_state_is_no_change_of_state(tmp_path: Path) -> None:
    text = (
        "new = insert(Charge)\nA = new.values(state='open')\n"
        "B = text(\"UPDATE x SET paid = 1 WHERE state = 'open'\")\nC = text('SELECT a FOR UPDATE; SET LOCAL x = 1')\n"
    )
    assert check_states(plant(tmp_path, {STORE: text})) == []


def test_ninety_five_of_a_hundred_is_the_nearest_rank() -> None:
    assert p95([]) == 0
    assert p95([7]) == 7
    assert p95([*range(1, 101)]) == 95
    assert p95([1] * 19 + [99]) == 1
