"""The manifest of tables: what kind each is, how rooms declare them, and the guard that keeps a transaction in one
region."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from sqlalchemy import BigInteger, Date, DateTime, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Kind = Literal["region", "reference", "global", "local"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    """Mother of all mapped rows: typed columns, no behaviour, no relationships."""

    metadata = metadata


def table(
    room: str, kind: Kind, *, append_only: bool = False, daily: bool = False, fillfactor: int = 100
) -> dict[str, Any]:
    """Return the closing element of `__table_args__`: schema, kind, whether rows are append-only or partitioned by
    biz_date."""
    options: dict[str, Any] = {
        "schema": room,
        "info": {"kind": kind, "append_only": append_only, "daily": daily, "fillfactor": fillfactor},
    }
    if daily:
        options["postgresql_partition_by"] = "RANGE (biz_date)"
    return options


# Column kinds. RegionId is first in every key of a region table.
RegionId = Annotated[int, mapped_column(Integer, primary_key=True, autoincrement=False)]
BizDate = Annotated[date, mapped_column(Date, primary_key=True)]
RowId = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Ref = Annotated[int, mapped_column(BigInteger)]
MaybeRef = Annotated[int | None, mapped_column(BigInteger, nullable=True)]
FenColumn = Annotated[int, mapped_column(BigInteger)]
Grams = Annotated[int, mapped_column(BigInteger)]
Count = Annotated[int, mapped_column(Integer)]
Name = Annotated[str, mapped_column(Text)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
MaybeMoment = Annotated[datetime | None, mapped_column(DateTime(timezone=True), nullable=True)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
JsonList = Annotated[list[Any], mapped_column(JSONB)]


class TwoRegions(AssertionError):
    """One transaction wrote rows of two regions, which a cluster could not do atomically."""


WRITES = re.compile(r"\b(INSERT INTO|UPDATE [a-z_\".]+ (AS \w+ )?SET|DELETE FROM)\b", re.IGNORECASE)


class RegionGuard:
    """Watches the statements of one transaction in tests and simulations and raises when it writes two regions."""

    def __init__(self) -> None:
        self.written: set[int] = set()

    def see(self, statement: str, parameters: Any) -> None:
        """Note the region of one writing statement; raises TwoRegions on the second one."""
        verb = statement.lstrip()[:6].upper()
        if verb not in ("INSERT", "UPDATE", "DELETE") and not (verb[:4] == "WITH" and WRITES.search(statement)):
            return
        rows = parameters if isinstance(parameters, list | tuple) else [parameters]
        for row in rows:
            if isinstance(row, dict):
                self.written.update(v for k, v in row.items() if k.startswith("region_id") and isinstance(v, int))
        if len(self.written) > 1:
            raise TwoRegions(f"one transaction wrote regions {sorted(self.written)}: {statement[:200]}")
