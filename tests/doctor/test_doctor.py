"""The doctor finds what was broken in an installation, says how to mend it, and changes nothing."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from linli.entry import checkup
from linli.entry.checkup import Finding, Report, examine
from linli.entry.cli import app
from linli.platform.clock import SystemClock
from linli.platform.config import Config
from linli.platform.database import Database
from linli.platform.papers import letters
from linli.platform.partitions import ensure_partitions, week_ahead
from tests.conftest import clone, drop, with_database

names = itertools.count(1)


@pytest.fixture
async def config(server_url: str, template: str, tmp_path: Path) -> Iterator[Config]:  # type: ignore[misc]
    """A healthy installation on a database of its own."""
    name = f"linli_doctor_{os.getpid()}_{next(names)}"
    url = clone(server_url, template, name)
    db = Database(url, SystemClock())
    await ensure_partitions(db, week_ahead(datetime.now(UTC).date()))
    await db.close()
    yield Config(home=tmp_path, database_url=url)
    drop(server_url, name)


def broken(config: Config, *statements: str) -> None:
    """Break something in the database, as its owner could."""
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def found(report: Report, name: str) -> Finding:
    """Return the one finding of a name."""
    (finding,) = [finding for finding in report.findings if finding.name == name]
    return finding


def failed(report: Report) -> set[str]:
    """Return the names of what failed."""
    return {finding.name for finding in report.findings if finding.state == "fail"}


def test_a_whole_installation_is_well(config: Config) -> None:
    report = examine(config)
    assert failed(report) == set()
    assert report.healthy
    looked_at = {finding.name for finding in report.findings}
    assert looked_at >= {
        "python", "home", "fonts", "disk", "database", "version", "durability", "role", "clock", "schema", "grants",
        "partitions", "outbox", "jobs",
    }  # fmt: skip
    assert all(finding.state == "ok" for finding in report.findings if finding.name not in ("disk", "durability"))


def test_a_ledger_that_could_be_changed_is_found(config: Config) -> None:
    broken(config, "GRANT UPDATE ON money.postings TO linli_app")
    finding = found(examine(config), "grants")
    assert finding.state == "fail"
    assert "money.postings" in finding.what
    assert "REVOKE" in finding.mend


def test_one_column_of_the_ledger_that_could_be_changed_is_found(config: Config) -> None:
    broken(config, "GRANT UPDATE (amount_fen) ON money.postings TO linli_app")
    assert "money.postings.amount_fen" in found(examine(config), "grants").what


def test_a_table_the_application_cannot_use_is_found(config: Config) -> None:
    broken(config, "REVOKE INSERT ON ordering.orders FROM linli_app")
    finding = found(examine(config), "grants")
    assert (finding.state, "ordering.orders" in finding.what) == ("fail", True)


def test_a_lost_column_and_a_lost_table_are_found(config: Config) -> None:
    broken(config, "ALTER TABLE people.members DROP COLUMN nickname", "DROP TABLE sale.takings CASCADE")
    finding = found(examine(config), "schema")
    assert finding.state == "fail"
    assert "people.members.nickname" in finding.what
    assert "sale.takings" in finding.what


def test_a_missing_partition_of_the_coming_week_is_found(config: Config) -> None:
    day = datetime.now(UTC).date() + timedelta(days=3)
    broken(config, f"DROP TABLE ordering.orders_p{day:%Y%m%d}")
    finding = found(examine(config), "partitions")
    assert finding.state == "fail"
    assert f"ordering.orders_p{day:%Y%m%d}" in finding.what


def test_a_stranger_to_the_role_may_not_run_it(config: Config) -> None:
    broken(config, "DROP ROLE IF EXISTS doctor_stranger", "CREATE ROLE doctor_stranger LOGIN PASSWORD 'a'")
    url = config.database_url.replace("//postgres:@", "//doctor_stranger:a@").replace(
        "//postgres@", "//doctor_stranger@"
    )
    report = examine(Config(home=config.home, database_url=url))
    finding = found(report, "role")
    assert finding.state == "fail"
    assert "GRANT linli_app" in finding.mend
    broken(config, "DROP ROLE doctor_stranger")


def test_parked_facts_and_idle_workers_are_warned_of(config: Config) -> None:
    row = (
        "INSERT INTO platform.outbox "
        "(region_id, id, kind, name, payload, status, made_at, by, due_at, attempts, error) VALUES "
        "(1, {id}, 'fact', 'ordering.order_paid', '{{}}', '{status}', now(), 't', now() - interval '1 hour', 5, 'x')"
    )
    broken(config, row.format(id=1, status="pending"))
    waiting = found(examine(config), "outbox")
    assert (waiting.state, "linli worker" in waiting.mend) == ("warn", True)
    broken(config, row.format(id=2, status="parked"))
    parked = found(examine(config), "outbox")
    assert parked.state == "warn"
    assert "ordering.order_paid × 1" in parked.what
    assert examine(config).healthy


def test_a_job_whose_worker_died_is_warned_of(config: Config) -> None:
    broken(
        config,
        "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, status) VALUES ('wishes', 'carry_wish', 'doing')",
    )
    assert found(examine(config), "jobs").state == "warn"


def test_clocks_that_are_apart_are_found(config: Config) -> None:
    a_little = examine(config, lambda: datetime.now(UTC) + timedelta(seconds=10))
    far = examine(config, lambda: datetime.now(UTC) - timedelta(minutes=5))
    assert (found(a_little, "clock").state, found(far, "clock").state) == ("warn", "fail")


def test_an_old_server_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "OLDEST_SERVER", 990_000)
    assert "version" in failed(examine(config))


def test_an_empty_database_is_told_to_be_upgraded(server_url: str, tmp_path: Path) -> None:
    name = f"linli_doctor_empty_{os.getpid()}"
    broken(Config(database_url=server_url), f"CREATE DATABASE {name}")
    url = with_database(server_url, name)
    report = examine(Config(home=tmp_path, database_url=url))
    assert report.healthy
    assert (found(report, "schema").state, found(report, "schema").mend[:16]) == ("warn", "linli db upgrade")
    drop(server_url, name)


def test_a_server_nobody_answers_at_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://linli:very-secret@127.0.0.1:1/linli"
    report = examine(Config(home=tmp_path, database_url=url))
    finding = found(report, "database")
    assert finding.state == "fail"
    assert "LINLI_DATABASE_URL" in finding.mend
    assert "very-secret" not in json.dumps(report.as_json())


def test_a_damaged_embedded_server_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    report = examine(Config(home=tmp_path / "home"))
    assert "database" in failed(report)
    assert "backup" in found(report, "database").mend


def test_a_home_that_is_a_file_and_a_spoilt_key_are_found(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert "home" in failed(examine(Config(home=file, database_url=config.database_url)))
    key = config.home / "secret.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    assert found(examine(config), "key").state == "warn"
    key.write_text("00" * 31)
    assert "key" in failed(examine(config))


def test_missing_fonts_are_found(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "FONTS", tmp_path)
    assert "fonts" in failed(examine(config))


def test_looking_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "not-yet"
    report = examine(Config(home=home))
    assert report.healthy
    assert not home.exists()


def test_the_program_ends_with_one_when_something_must_be_mended(config: Config) -> None:
    env = {"LINLI_HOME": str(config.home), "LINLI_DATABASE_URL": config.database_url}
    well = CliRunner().invoke(app, ["doctor", "--json"], env=env)
    assert (well.exit_code, json.loads(well.stdout)["healthy"]) == (0, True)
    broken(config, "GRANT DELETE ON money.postings TO linli_app")
    ill = CliRunner().invoke(app, ["doctor"], env=env)
    assert ill.exit_code == 1
    assert "money.postings" in ill.stdout
    wrong = CliRunner().invoke(app, ["doctor", "--json"], env={**env, "LINLI_PORT": "abc"})
    assert wrong.exit_code == 1
    assert "LINLI_PORT" in wrong.stdout
