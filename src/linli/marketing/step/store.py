"""SQL of campaigns: which run now, their guarded budgets, and what orders took."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, text, update

from linli.kernel.ids import day_of
from linli.marketing.step.model import CampaignValue
from linli.marketing.step.records import Campaign, CampaignUse
from linli.platform.database import Hot, Tx

CAMPAIGN = tuple(getattr(Campaign, name) for name in CampaignValue.__dataclass_fields__)
RUNNING = Hot(
    f"SELECT {', '.join(CampaignValue.__dataclass_fields__)} FROM marketing.campaigns WHERE region_id = :region_id "
    "AND starts_at <= :now AND ends_at > :now AND stopped_at IS NULL "
    "AND (budget_fen IS NULL OR taken_fen < budget_fen) ORDER BY id"
)
SPEND = text(
    "UPDATE marketing.campaigns AS c SET taken_fen = c.taken_fen + w.fen "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:fen AS bigint[])) AS w (id, fen) "
    "WHERE c.region_id = :region_id AND c.id = w.id AND c.budget_fen IS NOT NULL"
)

NOTE = text(
    "INSERT INTO marketing.campaign_uses (region_id, biz_date, order_id, campaign_id, member_id, taken_fen) "
    "SELECT :region_id, w.day, w.order_id, w.campaign_id, w.member_id, w.fen FROM unnest(CAST(:days AS date[]), "
    "CAST(:orders AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:members AS bigint[]), CAST(:fen AS bigint[])) "
    "AS w (day, order_id, campaign_id, member_id, fen)"
)


async def running(tx: Tx) -> list[CampaignValue]:
    """Return the campaigns that run now and whose budget, if any, is not used up."""
    found = await tx.quick(RUNNING, {"region_id": tx.region_id, "now": tx.now})
    return [CampaignValue(*row) for row in found]


async def budgets(tx: Tx, ids: Collection[int], *, lock: bool) -> dict[int, int]:
    """Return what is left of campaigns' budgets, locked in ascending order of id when asked."""
    here = (Campaign.region_id == tx.region_id, Campaign.id.in_(sorted(ids)), Campaign.budget_fen.is_not(None))
    left = select(Campaign.id, (Campaign.budget_fen - Campaign.taken_fen).label("left")).where(*here)
    found = await tx.execute(left.order_by(Campaign.id).with_for_update() if lock else left)
    return {row.id: row.left for row in found}


async def change_budgets(tx: Tx, fen: Mapping[int, int]) -> None:
    """Take from (or with negative fen give back to) budgets; their CHECK has the last word."""
    await budgets(tx, fen, lock=True)
    ids = sorted(fen)
    await tx.execute(SPEND, {"region_id": tx.region_id, "ids": ids, "fen": [fen[each] for each in ids]})


async def note_uses(tx: Tx, uses: Sequence[dict[str, Any]]) -> None:
    """Insert what orders took of campaigns, all in one statement."""
    columns = {
        "orders": [use["order_id"] for use in uses], "campaigns": [use["campaign_id"] for use in uses],
        "members": [use["member_id"] for use in uses], "fen": [use["taken_fen"] for use in uses],
    }  # fmt: skip
    days = [day_of(order_id) for order_id in columns["orders"]]
    await tx.execute(NOTE, {"region_id": tx.region_id, "days": days, **columns})


async def give_back(tx: Tx, order_ids: Sequence[int]) -> dict[int, int]:
    """Mark given back what orders took and that is not back yet; returns campaign → fen."""
    days = {day_of(order_id) for order_id in order_ids}
    here = (CampaignUse.region_id == tx.region_id, CampaignUse.biz_date.in_(days))
    open_uses = (CampaignUse.order_id.in_(order_ids), CampaignUse.given_back_at.is_(None))
    back = update(CampaignUse).where(*here, *open_uses).values(given_back_at=tx.now)
    fen: dict[int, int] = {}
    for row in await tx.execute(back.returning(CampaignUse.campaign_id, CampaignUse.taken_fen)):
        fen[row.campaign_id] = fen.get(row.campaign_id, 0) + row.taken_fen
    return fen


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a campaign."""
    await tx.execute(insert(Campaign).values(**row))


async def stop(tx: Tx, campaign_id: int) -> None:
    """Stop a campaign; the first time counts."""
    here = (Campaign.region_id == tx.region_id, Campaign.id == campaign_id, Campaign.stopped_at.is_(None))
    await tx.execute(update(Campaign).where(*here).values(stopped_at=tx.now))
