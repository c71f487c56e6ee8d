"""Statements that take many ordinary payments at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select, text, update

from linli.kernel.ids import day_of
from linli.money.charge.records import AttemptRow, ChargeRow, ShareRow
from linli.platform.database import Tx

TOLD = text("""
UPDATE money.charge_attempts a SET provider_no = r.provider_no
FROM json_to_recordset(CAST(:rows AS json)) AS r (day date, id bigint, provider_no text)
WHERE a.region_id = :region_id AND a.biz_date = r.day AND a.id = r.id""")
PAID_AT = text("""
UPDATE money.charges c SET paid_at = r.at
FROM json_to_recordset(CAST(:rows AS json)) AS r (day date, id bigint, at timestamptz)
WHERE c.region_id = :region_id AND c.biz_date = r.day AND c.id = r.id""")


async def locked_with_attempts(tx: Tx, attempt_ids: Sequence[int]) -> tuple[dict[int, ChargeRow], list[AttemptRow]]:
    """Lock the charges of attempts in the order of their ids; returns them, and all their attempts as they stand."""
    days = sorted({day_of(id) for id in attempt_ids})
    named = (AttemptRow.region_id == tx.region_id, AttemptRow.biz_date.in_(days), AttemptRow.id.in_(attempt_ids))
    charge_ids = sorted({row[0] for row in await tx.execute(select(AttemptRow.charge_id).where(*named))})
    here = (ChargeRow.region_id == tx.region_id, ChargeRow.biz_date.in_(days), ChargeRow.id.in_(charge_ids))
    charges = await tx.all(select(ChargeRow).where(*here).order_by(ChargeRow.id).with_for_update())
    theirs = (
        AttemptRow.region_id == tx.region_id, AttemptRow.biz_date.in_(days), AttemptRow.charge_id.in_(charge_ids),
    )  # fmt: skip
    return {row.id: row for row in charges}, list(await tx.all(select(AttemptRow).where(*theirs)))


async def write_told(tx: Tx, told: Mapping[int, tuple[int, str, datetime]]) -> None:
    """Write what providers said: by attempt id the charge, the provider's number, and when it was paid."""
    attempts = [{"day": day_of(id), "id": id, "provider_no": number} for id, (_, number, _) in told.items()]
    charges = [{"day": day_of(id), "id": id, "at": at} for id, _, at in told.values()]
    for statement, rows in ((TOLD, attempts), (PAID_AT, charges)):
        await tx.execute(statement, {"region_id": tx.region_id, "rows": msgspec.json.encode(rows).decode()})


async def pay_all_shares(tx: Tx, charge_ids: Sequence[int]) -> list[Row[Any]]:
    """Mark all shares of charges as paid; returns charge, order and fen of each."""
    days = sorted({day_of(id) for id in charge_ids})
    here = (ShareRow.region_id == tx.region_id, ShareRow.biz_date.in_(days), ShareRow.charge_id.in_(charge_ids))
    paid = update(ShareRow).where(*here).values(paid_fen=ShareRow.amount_fen)
    return list(await tx.execute(paid.returning(ShareRow.charge_id, ShareRow.order_id, ShareRow.amount_fen)))
