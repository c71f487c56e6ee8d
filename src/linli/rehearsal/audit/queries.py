"""The digest of everything an installation wrote: the same seed must leave the same rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from sqlalchemy import Column, LargeBinary, Table, Text, cast, select

from linli.platform.database import Database
from linli.platform.manifest import metadata

# Drawn by chance on purpose (nobody may guess them), or read from the machine.
SECRET = re.compile(r"(secret|hash|sealed|token|nonce|password|code_index|pickup_code|pay_url)", re.IGNORECASE)
SECRET_COLUMNS = frozenset(
    {
        "money.raw_notices.digest", "money.raw_notices.headers",  # the provider seals with a nonce
        "supply.steps.millis",  # how fast the machine was
    }
)  # fmt: skip
SECRET_TABLES = frozenset({"platform.answers", "platform.sequences"})
SECRET_WORDS = re.compile(
    r'(?<=提货码 )\d{6}|(?<="pickup_code": ")\d{6}|(?<=_phone": ")[^"]*|(?<=_text": ")[^"]*|[0-9a-f]{32}(?=\.webp)'
)


def told_columns(table: Table) -> list[Column[object]]:
    """Return the columns of a table that a seed decides."""
    return [
        c
        for c in table.columns
        if not isinstance(c.type, LargeBinary)
        and not SECRET.search(c.name)
        and f"{table}.{c.name}" not in SECRET_COLUMNS
    ]


def business_tables() -> Iterator[Table]:
    """Yield every table of every room in order of name."""
    for name in sorted(metadata.tables):
        if name not in SECRET_TABLES:
            yield metadata.tables[name]


async def digest(db: Database) -> tuple[str, dict[str, str]]:
    """Return the sha256 over every business row of every table, and one per table to find a difference."""
    whole, parts = hashlib.sha256(), {}
    async with db.transaction(0, by="rehearsal:digest") as tx:
        for table in business_tables():
            columns = told_columns(table)
            if not columns:
                continue
            part = hashlib.sha256()
            rows = await tx.execute(select(*(cast(c, Text) for c in columns)))
            for line in sorted(
                "\x1f".join("\x00" if v is None else SECRET_WORDS.sub("", v) for v in row) for row in rows
            ):
                part.update(line.encode() + b"\n")
            parts[str(table)] = part.hexdigest()
            whole.update(f"{table}:{part.hexdigest()}\n".encode())
    return whole.hexdigest(), parts
