"""Campaigns at work: begun, stopped, met by orders within their budgets, given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linli.kernel.price import Basket, Quote, Term
from linli.kernel.refusals import Conflict
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.marketing.step import store
from linli.marketing.step.model import CampaignValue
from linli.marketing.step.queries import campaign
from linli.marketing.step.records import Campaign
from linli.marketing.step.rules import check_campaign, most_off, term_of
from linli.platform.database import Tx

BLANK: dict[str, Any] = {
    "rungs": [], "every": False, "tiers": {}, "category_ids": [], "offer_ids": [], "budget_fen": None,
}  # fmt: skip


class CampaignBudgetSpent(Conflict):
    """What the campaign may cost is used up; facts: left_fen."""

    title = "活动预算已用完"


async def begin_campaign(tx: Tx, *, kind: str, title: str, **given: Any) -> int:
    """Begin a campaign (fields as in its table, fen and basis points) and return its id; refuses
    CampaignContradicts."""
    row = BLANK | given | {"kind": kind, "title": title}
    check_campaign(row)
    campaign_id = await tx.new_id()
    same = {"region_id": tx.region_id, "taken_fen": 0, "stopped_at": None, "made_at": tx.now, "by": tx.by}
    await store.add(tx, row | same | {"id": campaign_id})
    return campaign_id


async def stop_campaign(tx: Tx, *, campaign_id: int) -> Campaign:
    """Let a campaign meet no more orders; placed ones keep their price; refuses NoSuchCampaign."""
    await campaign(tx, campaign_id)
    await store.stop(tx, campaign_id)
    return await campaign(tx, campaign_id)


class CampaignDesk(Desk):
    """The campaigns that run now, and what is left of their budgets as orders take it one after another."""

    def __init__(self, campaigns: Sequence[CampaignValue], left_fen: dict[int, int], tx: Tx) -> None:
        self.known = [(each.id, term_of(each)) for each in campaigns]
        self.left_fen, self.now = left_fen, tx.now
        self.uses: list[dict[str, Any]] = []

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the terms that can meet an order.

        A campaign whose budget may not cover the basket no longer counts: nobody is shown what cannot be kept.
        """
        basket = Basket(ask.items, ask.buyer, self.now)
        met = []
        for campaign_id, term in self.known:
            most = most_off(term, basket)
            if 0 < most <= self.left_fen.get(campaign_id, most):
                met.append(term)
        return met

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse CampaignBudgetSpent when an order would take more than is left."""
        for campaign_id, fen in _taken(quote):
            if fen > self.left_fen.get(campaign_id, fen):
                raise CampaignBudgetSpent("the campaign's budget is used up", left_fen=self.left_fen[campaign_id])

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note what an accepted order takes."""
        for campaign_id, fen in _taken(quote):
            use = {"order_id": order_id, "campaign_id": campaign_id, "member_id": ask.member_id, "taken_fen": fen}
            self.uses.append(use)
            if campaign_id in self.left_fen:
                self.left_fen[campaign_id] -= fen

    async def write(self, tx: Tx) -> None:
        """Write what all accepted orders took, and count it on the budgets."""
        if not self.uses:
            return
        await store.note_uses(tx, self.uses)
        fen: dict[int, int] = {}
        for use in self.uses:
            if use["campaign_id"] in self.left_fen:
                fen[use["campaign_id"]] = fen.get(use["campaign_id"], 0) + use["taken_fen"]
        if fen:
            await store.change_budgets(tx, fen)


def _taken(quote: Quote) -> list[tuple[int, int]]:
    sources = [(step.source.partition(":"), -step.amount_fen) for step in quote.steps]
    return [(int(number), fen) for (name, _, number), fen in sources if name == CampaignPromotion.name and fen]


@promotion
class CampaignPromotion(Promotion):
    """Campaigns that meet every basket by themselves."""

    name = "step"

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> Desk | None:
        """Read what runs now, and lock the budgets of those that could meet an order of the batch."""
        campaigns = await store.running(tx)
        if not campaigns:
            return None
        baskets = [Basket(ask.items, ask.buyer, tx.now) for ask in asks]
        wanted = {
            each.id
            for each in campaigns
            if each.budget_fen is not None and any(most_off(term_of(each), basket) for basket in baskets)
        }
        left = await store.budgets(tx, wanted, lock=holding) if wanted else {}
        return CampaignDesk(campaigns, left, tx)

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Give what orders took back to the budgets."""
        fen = {campaign_id: -taken for campaign_id, taken in (await store.give_back(tx, order_ids)).items()}
        if fen:
            await store.change_budgets(tx, fen)
