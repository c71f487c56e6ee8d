"""The database under a bench: a scratch one with honest settings, and what is read from it afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from linli.kernel.ids import make_id
from linli.platform.embedded import start_embedded

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
LONGEST_COPY = 200_000


@dataclass(frozen=True)
class Ground:
    """A scratch folder and database address of one bench."""

    home: Path
    url: str


@contextmanager
def ground(configured: str) -> Iterator[Ground]:
    """Give a scratch database, embedded or made beside the configured one; it is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    home.chmod(0o755)
    server, name = None, ""
    try:
        if configured:
            name = f"linli_bench_{os.getpid()}"
            _alone(configured, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            url = urlunsplit(urlsplit(configured)._replace(path=f"/{name}"))
        else:
            server, url = start_embedded(home / "postgres")
        yield Ground(home, url)
    finally:
        if name:
            _alone(configured, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if server is not None:
            server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


def _alone(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def describe(url: str) -> dict[str, str]:
    """Return the server's version and whether it keeps what it commits."""
    with psycopg.connect(url) as connection:
        version = connection.execute("SELECT current_setting('server_version')").fetchone()
        named = ((name, connection.execute("SELECT current_setting(%s)", (name,)).fetchone()) for name in DURABLE)
        durable = {name: str(row[0] if row else "") for name, row in named}
    return {"server_version": str(version[0] if version else ""), **durable}


ENROLLED, HANDED_OUT = date(2020, 1, 2), date(2020, 1, 3)  # days of ids that nothing else is counted on


def postmaster(url: str) -> int | None:
    """Return the process that all backends of this server descend from, when it runs on this machine; else None."""
    with psycopg.connect(url) as connection, suppress(psutil.NoSuchProcess):
        backend = psutil.Process(int(connection.info.backend_pid))
        if "postgres" in backend.name():
            return int(backend.ppid())
    return None


def enrol(url: str, region_id: int, station_ids: list[int], count: int) -> list[int]:
    """Add many members to a region's stations at once; returns their ids."""
    ids = [make_id(region_id, ENROLLED, number) for number in range(1, count + 1)]
    rows = (
        "INSERT INTO people.members (region_id, id, account_id, nickname, place, phone_tail, station_id, orders_paid, "
        "joined_at) SELECT %s, m.id, NULL, '邻居' || m.at, '', '', (%s::bigint[])[1 + m.at %% %s], 0, now() "
        "FROM unnest(%s::bigint[]) WITH ORDINALITY AS m (id, at)"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(rows, (region_id, station_ids, len(station_ids), ids))
        connection.execute("ANALYZE people.members")
    return ids


def hand_out(url: str, region_id: int, template_id: int, member_ids: list[int], each: int) -> list[int]:
    """Give every member so many coupons of a template; returns the coupons' ids, member after member."""
    ids = [make_id(region_id, HANDED_OUT, number) for number in range(1, each * len(member_ids) + 1)]
    owners = [member_id for member_id in member_ids for _ in range(each)]
    rows = (
        "INSERT INTO marketing.coupons (region_id, id, template_id, member_id, state, source, ref, reason, claimed_at, "
        "valid_from, valid_until, taken_fen) SELECT %s, c.id, %s, c.member_id, 'claimed', 'given', '', '', now(), "
        "now() - interval '1 day', now() + interval '9 days', 0 FROM unnest(%s::bigint[], %s::bigint[]) "
        "AS c (id, member_id)"
    )
    count = "UPDATE marketing.coupon_templates SET issued = issued + %s WHERE region_id = %s AND id = %s"
    with psycopg.connect(url) as connection:
        connection.execute(rows, (region_id, template_id, ids, owners))
        connection.execute(count, (len(ids), region_id, template_id))
        connection.execute("ANALYZE marketing.coupons")
    return ids


@dataclass(frozen=True)
class Kept:
    """What the database kept: orders and lines, pieces beyond a stock limit, counters that differ from their lines."""

    orders: int
    lines: int
    outbox: int
    oversold: int
    counter_differences: int
    broken_orders: int


def what_was_kept(url: str) -> Kept:
    """Count what was written, and compare every offer's counter and limit with the lines of living orders."""
    with psycopg.connect(url) as connection:
        orders, lines, outbox = (
            _number(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*name)))
            for name in (("ordering", "orders"), ("ordering", "lines"), ("platform", "outbox"))
        )
        per_offer = (
            "SELECT o.sold, o.stock_limit, coalesce(s.pieces, 0) FROM sale.offers o LEFT JOIN ("
            "SELECT l.region_id, l.offer_id, sum(l.quantity) AS pieces FROM ordering.lines l JOIN ordering.orders r "
            "ON (r.region_id, r.biz_date, r.id) = (l.region_id, l.biz_date, l.order_id) "
            "WHERE r.state <> 'cancelled' GROUP BY 1, 2) s ON (s.region_id, s.offer_id) = (o.region_id, o.id)"
        )
        rows = connection.execute(per_offer).fetchall()
        uneven = (
            "SELECT count(*) FROM (SELECT min(r.payable_fen) AS payable_fen, sum(l.payable_fen) AS of_lines "
            "FROM ordering.orders r "
            "LEFT JOIN ordering.lines l ON (l.region_id, l.biz_date, l.order_id) = (r.region_id, r.biz_date, r.id) "
            "GROUP BY r.region_id, r.biz_date, r.id) o WHERE o.payable_fen IS DISTINCT FROM o.of_lines"
        )
        broken = _number(connection, sql.SQL(uneven))
    oversold = sum(max(0, int(pieces) - limit) for _, limit, pieces in rows if limit is not None)
    return Kept(orders, lines, outbox, oversold, sum(sold != int(pieces) for sold, _, pieces in rows), broken)


def _number(connection: psycopg.Connection[tuple[object, ...]], statement: sql.SQL | sql.Composed) -> int:
    found = connection.execute(statement).fetchone()
    return int(str(found[0])) if found else 0


def copy_rows_per_s(url: str) -> int:
    """Return how many of the bench's own rows (orders and lines) a bare COPY writes and commits in a second."""
    rows, seconds = 0, 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("orders", "lines"):
            table, bare = sql.Identifier("ordering", name), sql.Identifier(f"bench_{name}")
            source = sql.SQL("COPY (SELECT * FROM {} LIMIT {}) TO STDOUT (FORMAT binary)").format(table, LONGEST_COPY)
            with connection.cursor().copy(source) as out:
                blocks = [bytes(block) for block in out]
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE {})").format(bare, table))
            began = time.perf_counter()
            with connection.cursor() as cursor:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(bare)) as into:
                    for block in blocks:
                        into.write(block)
                rows += cursor.rowcount
            seconds += time.perf_counter() - began
    return round(rows / seconds) if seconds else 0
