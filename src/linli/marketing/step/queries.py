"""Campaigns as members and operators see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from linli.kernel.refusals import NotFound
from linli.marketing.step import store
from linli.marketing.step.model import CampaignFigures, CampaignValue
from linli.marketing.step.records import Campaign, CampaignUse
from linli.platform.database import Tx


class NoSuchCampaign(NotFound):
    """There is no such campaign in this region."""

    title = "没有这个活动"


async def campaign(tx: Tx, campaign_id: int) -> Campaign:
    """Return a campaign; refuses NoSuchCampaign."""
    found = await tx.first(select(Campaign).where(Campaign.region_id == tx.region_id, Campaign.id == campaign_id))
    if found is None:
        raise NoSuchCampaign(f"no campaign {campaign_id}")
    return found


async def campaigns(tx: Tx, *, after: int, limit: int) -> Sequence[Campaign]:
    """Return a page of the region's campaigns by id."""
    page = select(Campaign).where(Campaign.region_id == tx.region_id, Campaign.id > after)
    return await tx.all(page.order_by(Campaign.id).limit(limit))


async def published(tx: Tx) -> list[CampaignValue]:
    """Return the campaigns that run now: the published rules by which prices may differ."""
    return await store.running(tx)


async def figures(tx: Tx, campaign_ids: Sequence[int]) -> dict[int, CampaignFigures]:
    """Return what campaigns took off orders that stand."""
    here = (CampaignUse.region_id == tx.region_id, CampaignUse.campaign_id.in_(campaign_ids))
    sums = (func.count(), func.count(func.distinct(CampaignUse.member_id)), func.sum(CampaignUse.taken_fen))
    standing = select(CampaignUse.campaign_id, *sums).where(*here, CampaignUse.given_back_at.is_(None))
    found = await tx.execute(standing.group_by(CampaignUse.campaign_id))
    return {row[0]: CampaignFigures(row[1], row[2], int(row[3])) for row in found}
