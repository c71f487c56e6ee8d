"""`bench import`: a goods sheet through the real command line, beside a bare COPY of the rows it wrote."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from linli.bench import database
from linli.bench.database import Ground
from linli.bench.machine import measure_machine
from linli.platform.papers import CsvList, ExcelList, ListWriter

COMMAND = "from linli.entry.cli import main; main()"
KINDS = ("苹果", "橙子", "大米", "牛奶", "洗衣液", "五花肉", "菠菜", "酸奶", "面条", "纸巾", "长粒香米", "鸡蛋")
PLACES = ("山东烟台", "江西赣州", "黑龙江五常", "内蒙古", "湖北武汉", "云南昆明", "海南三亚")
HEADS = (
    "商品编码", "品类", "商品名称", "别名", "产地", "等级", "保质期(天)", "质量标准", "分享文案", "规格", "单位",
    "条码", "净重(克)", "毛重(克)", "体积(毫升)", "箱规", "称重", "可售",
)  # fmt: skip
WRITTEN = ("products", "skus")


@dataclass(frozen=True)
class Told:
    """What one run of the command line took: seconds, processor seconds and peak memory of its process, its report."""

    seconds: float
    cpu_s: float
    peak_mib: float
    report: dict[str, Any]


async def bench_import(ground: Ground, *, rows: int, excel: bool) -> dict[str, Any]:
    """Return the figures of importing `rows` new goods and of importing the same file again, as plain data; the ground
    must hold an up-to-date installation with the category 量尺."""
    machine = await asyncio.to_thread(measure_machine, ground.home)
    server = await asyncio.to_thread(database.describe, ground.url)
    file = ground.home / ("goods.xlsx" if excel else "goods.csv")
    await asyncio.to_thread(write_sheet, file, rows)
    check, first, again = [await asyncio.to_thread(_run, ground, file, more) for more in (["--dry-run"], [], [])]
    kept, copy_s = await asyncio.to_thread(_copied, ground.url)
    return {
        "bench": "import",
        "file": file.suffix[1:],
        "file_mib": round(file.stat().st_size / 2**20, 1),
        "rows": rows,
        "seconds": round(first.seconds, 2),
        "rows_per_s": round(rows / first.seconds),
        "cpu_s": round(first.cpu_s, 2),
        "peak_mib": round(first.peak_mib),
        "dry_run_seconds": round(check.seconds, 2),
        "again_seconds": round(again.seconds, 2),
        "skus_new": first.report["skus_new"],
        "skus_known_again": again.report["skus_known"],
        "rows_kept": kept,
        "copy_seconds": round(copy_s, 3),
        "of_copy": round(copy_s / first.seconds, 4),
        "machine": machine | server,
    }


def write_sheet(file: Path, rows: int) -> None:
    """Write a goods sheet of that many new sizes, two of each product."""
    writer: ListWriter = CsvList(file) if file.suffix == ".csv" else ExcelList(file, "商品", [])
    writer.write(HEADS)
    for number in range(rows):
        writer.write(_cells(number))
    writer.close()


def _cells(number: int) -> list[str]:
    product, second = divmod(number, 2)
    kind, place = KINDS[product % len(KINDS)], PLACES[product % len(PLACES)]
    digits = f"20{number:010d}"
    check = -(3 * sum(map(int, digits[1::2])) + sum(map(int, digits[::2]))) % 10
    net = 500 * (second + 1)
    return [
        f"BP{product:07d}", "量尺", f"{place}{kind}{product}号", f"bieming{product}", place, "一级", "14",
        "无破损、无腐烂", f"{place}直发，{kind}新鲜到家", f"{net}克装", "份", f"{digits}{check}",
        str(net), str(net + 50), "800", "6", "否", "是",
    ]  # fmt: skip


def _run(ground: Ground, file: Path, more: list[str]) -> Told:
    """Import the file by a process of its own and wait for it with what it used."""
    env = {
        **os.environ,
        "LINLI_HOME": str(ground.home),
        "LINLI_DATABASE_URL": ground.url,
        "LINLI_LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-c", COMMAND, "goods", "import", str(file), "--json", *more]
    said = ground.home / "said.json"
    began = time.perf_counter()
    with said.open("wb") as out:
        child = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode:
        raise RuntimeError(f"the import ended with {child.returncode}: {said.read_text()[:500]}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Told(seconds, used.ru_utime + used.ru_stime, peak, json.loads(said.read_text()))


def _copied(url: str) -> tuple[int, float]:
    """Return how many rows were kept, and the seconds in which a bare COPY writes and commits them all."""
    rows, seconds = 0, 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        for name in WRITTEN:
            table, bare = sql.Identifier("catalog", name), sql.Identifier(f"bench_{name}")
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(table)) as out:
                blocks = [bytes(block) for block in out]
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE {})").format(bare, table))
            began = time.perf_counter()
            with connection.cursor() as cursor:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(bare)) as into:
                    for block in blocks:
                        into.write(block)
                rows += cursor.rowcount
            seconds += time.perf_counter() - began
    return rows, seconds
