"""SQL stands in store, queries and records and in the platform, nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .tree import Import, Source, excepted, sources, texts

SQL_FILES = frozenset({"store", "queries", "records"})
SQL_ROOMS = frozenset({"platform", "bench"})
DRIVERS = frozenset({"sqlalchemy", "psycopg", "psycopg_pool", "asyncpg", "sqlite3"})
HARMLESS = ("sqlalchemy.exc", "psycopg.errors")  # a command may name the constraint that had the last word
RUNNING = frozenset({"execute", "executemany", "exec_driver_sql", "scalars", "stream_scalars"})
EXCEPTIONS: dict[str, str] = {
    "money/channels/sandbox_provider/": "the provider's own world: it keeps its charges in a file of its own",
    "entry/accidents.py": "kills database sessions from outside, as an accident would",
    "entry/scratch.py": "makes and drops whole databases for rehearsals",
    "rehearsal/audit/": "reads every table there is, to take the digest of a rehearsal",
}

_STATEMENT = re.compile(
    r"^\s*(?:"
    r"(?:SELECT|select)\b.+?\b(?:FROM|from)\b"
    r"|(?:INSERT|insert)\s+(?:INTO|into)\b"
    r"|(?:UPDATE|update)\s+\S+(?:\s+(?:AS\s+|as\s+)?\w+)?\s+(?:SET|set)\b"
    r"|(?:DELETE|delete)\s+(?:FROM|from)\b"
    r"|(?:WITH|with)\s+\w+\s+(?:AS|as)\s*\("
    r"|(?:CREATE|ALTER|DROP|TRUNCATE|LOCK|COPY)\s+[A-Z]{2,}\b)"
    r"|\bSELECT\b.+?\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\s+\S+\s+SET\b|\bDELETE\s+FROM\b",
    re.DOTALL,
)


def may_hold_sql(source: Source) -> bool:
    """Tell whether a file is one of those that speak to the database."""
    return source.room in SQL_ROOMS or (bool(source.topic) and source.kind in SQL_FILES) or excepted(source, EXCEPTIONS)


def looks_like_sql(text: str) -> bool:
    """Tell whether a text reads as a statement of SQL rather than as a sentence."""
    return bool(_STATEMENT.search(text))


def check_sql(root: Path) -> list[str]:
    """Refuse drivers, statements and their running outside the files that hold SQL."""
    wrong = []
    for source in sources(root):
        if may_hold_sql(source):
            continue
        wrong += [source.at(found.line, _move(f"imports {found.full}")) for found in source.imports if _driver(found)]
        for node, text in texts(source):
            if looks_like_sql(text):
                wrong.append(source.at(node, _move(f"holds the statement {' '.join(text.split())[:40]!r}")))
        for call in source.nodes:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in RUNNING:
                wrong.append(source.at(call, _move(f"runs a statement by .{call.func.attr}()")))
    return wrong


def _driver(found: Import) -> bool:
    return found.module.split(".")[0] in DRIVERS and not found.full.startswith(HARMLESS)


def _move(what: str) -> str:
    return f"{what}; SQL belongs in store.py, queries.py or records.py"
