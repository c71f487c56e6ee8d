"""Transactions keep to one region, re-run on deadlock, and every state change leaves a line of history."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import insert, select, text, update

from linli.kernel.ids import day_of, region_of
from linli.platform import settings
from linli.platform.database import Database, Tx
from linli.platform.installation import Installation
from linli.platform.manifest import TwoRegions, metadata
from linli.platform.outbox import OutboxRow
from linli.platform.settings import SettingRefused, SettingValue, declare, value_of


def positive(value: int) -> None:
    """Refuse what is not positive."""
    if value <= 0:
        raise ValueError("must be positive")


PATIENCE_SETTING = declare("test.minutes", int, 30, "how long a test waits", positive)


async def test_a_transaction_that_writes_two_regions_is_refused(installation: Installation, region_id: int) -> None:
    row = {
        "name": "x",
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "value": 1,
        "by": "t",
        "reason": "",
        "made_at": datetime.now(UTC),
    }
    with pytest.raises(TwoRegions):
        async with installation.db.transaction(region_id, by="test") as tx:
            await tx.execute(insert(SettingValue).values(region_id=region_id, **row))
            await tx.execute(insert(SettingValue).values(region_id=region_id + 1, **row))
    async with installation.db.transaction(region_id, by="test") as tx:
        assert await tx.scalar(select(SettingValue.name).where(SettingValue.region_id == region_id)) is None


async def test_a_deadlock_runs_the_whole_command_again(installation: Installation, region_id: int) -> None:
    async with installation.db.transaction(region_id, by="test") as tx:
        ids = await tx.new_ids(2)
        rows = [
            {"region_id": region_id, "id": id, "kind": "fact", "name": "n", "payload": {}, "status": "done",
             "made_at": tx.now, "by": "t", "due_at": tx.now, "attempts": 0, "error": ""} for id in ids
        ]  # fmt: skip
        await tx.execute(insert(OutboxRow), rows)
    runs: list[int] = []

    async def add(order: list[int]) -> None:
        async def work(tx: Tx) -> None:
            runs.append(1)
            for id in order:
                where = (OutboxRow.region_id == region_id, OutboxRow.id == id)
                await tx.execute(update(OutboxRow).where(*where).values(attempts=OutboxRow.attempts + 1))
                await asyncio.sleep(0.2)

        await installation.db.run(work, region_id, by="test")

    await asyncio.gather(add(ids), add(ids[::-1]))
    async with installation.db.transaction(region_id, by="test") as tx:
        where = (OutboxRow.region_id == region_id, OutboxRow.id.in_(ids))
        assert [row.attempts for row in await tx.all(select(OutboxRow).where(*where))] == [2, 2]
    assert len(runs) == 3


async def test_ids_are_unique_over_processes_and_say_where_they_live(
    installation: Installation, region_id: int
) -> None:
    other = Database(installation.db.url, installation.clock)
    day = date(2026, 11, 24)
    async with installation.db.transaction(region_id, by="t") as one, other.transaction(region_id, by="t") as two:
        taken = [await tx.new_ids(n, day) for n in (1, 70, 200, 3) for tx in (one, two)]
    await other.close()
    ids = [id for block in taken for id in block]
    assert len(set(ids)) == len(ids) == 548
    assert {region_of(id) for id in ids} == {region_id}
    assert {day_of(id) for id in ids} == {day}


async def test_a_setting_is_dated_and_validated(installation: Installation, region_id: int) -> None:
    later = installation.clock.now() + timedelta(days=1)
    async with installation.db.transaction(region_id, by="test") as tx:
        assert await value_of(tx, PATIENCE_SETTING) == 30
        await settings.change(tx, name="test.minutes", value=45, valid_from=later, reason="winter")
        assert await value_of(tx, PATIENCE_SETTING) == 30
        assert await value_of(tx, PATIENCE_SETTING, at=later) == 45
        for wrong in (0, "soon", None, 1.5):
            with pytest.raises(SettingRefused):
                await settings.change(tx, name="test.minutes", value=wrong, valid_from=later, reason="")
        with pytest.raises(SettingRefused):
            await settings.change(tx, name="test.unheard", value=1, valid_from=later, reason="")


@pytest.mark.rule("LED-1")
async def test_the_database_itself_refuses_to_change_what_is_append_only(installation: Installation) -> None:
    tables = [t for t in metadata.tables.values() if t.info.get("append_only")]
    assert tables
    with psycopg.connect(installation.db.url, autocommit=True) as connection:
        connection.execute("SET ROLE linli_app")
        for table in tables:
            fixed = next(c for c in table.columns if not c.info.get("may_change"))
            for statement in (
                f"UPDATE {table.fullname} SET {fixed.name} = {fixed.name}",
                f"DELETE FROM {table.fullname}",
                f"TRUNCATE {table.fullname}",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


async def test_the_live_catalogue_has_no_trigger_and_no_serial(
    installation: Installation,
) -> None:
    async with installation.db.transaction(0, by="test") as tx:
        rooms = sorted({t.schema for t in metadata.tables.values()})
        found = await tx.execute(
            text(
                "SELECT n.nspname || '.' || c.relname, c.relispartition FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(:rooms)"
            ),
            {"rooms": rooms},
        )
        live = {row[0] for row in found if not row[1]}
        assert live - {"platform.alembic_version"} == set(metadata.tables)
        triggers = text(
            "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = ANY(:rooms)"
        ).bindparams(rooms=rooms)
        assert await tx.scalar(triggers) == 0
        serials = text(
            "SELECT count(*) FROM information_schema.columns "
            "WHERE table_schema = ANY(:rooms) AND column_default LIKE 'nextval%'"
        ).bindparams(rooms=rooms)
        assert await tx.scalar(serials) == 0
