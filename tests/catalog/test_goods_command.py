"""`linli goods` as somebody types it: exit codes, the JSON alone on the output, and the export read again."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.cards import category, csv_of, fresh
from tests.people_cast import Cast

LINLI = "from linli.entry.cli import main; main()"


@pytest.mark.rule("GDS-5")
async def test_the_command_line_checks_imports_and_exports_goods(cast: Cast, shared_url: str, tmp_path: Path) -> None:
    env = {**os.environ, "LINLI_DATABASE_URL": shared_url, "LINLI_HOME": str(tmp_path), "LINLI_LOG_LEVEL": "CRITICAL"}
    name, goods = fresh("命令行类"), fresh("命令行果")
    await category(await cast.buyer(), name=name)
    good = ["", name, goods, "5斤", "", "500", "550"]
    sheet, bad = tmp_path / "goods.csv", tmp_path / "bad.csv"
    sheet.write_bytes(csv_of([good], encoding="gb18030"))
    bad.write_bytes(csv_of([good, ["", name, goods, "6斤", "123", "500", "550"]]))
    (tmp_path / "broken.csv").write_bytes(b"PK broken")

    async def run(*words: str) -> tuple[int, Any]:
        command = (sys.executable, "-c", LINLI, "goods", *words, "--json")
        child = await asyncio.create_subprocess_exec(
            *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        said, _ = await child.communicate()
        return child.returncode or 0, json.loads(said)

    code, told = await run("import", str(bad))
    assert (code, told["code"], told["bad_rows"]) == (1, "goods_rows_bad", ["3"])
    code, told = await run("import", str(sheet))
    assert (code, told["skus_new"], told["written"]) == (0, 1, True)
    code, told = await run("import", str(tmp_path / "broken.csv"))
    assert (code, told["code"]) == (2, "goods_sheet_unreadable")
    code, told = await run("export", str(tmp_path / "out.csv"))
    assert code == 0
    assert goods in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
