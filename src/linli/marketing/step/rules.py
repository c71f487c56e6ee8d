"""What steps and tiers take off, and which campaigns can meet a basket at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from linli.kernel.money import share_bp
from linli.kernel.price import Basket, Item, Outcome, Term, rule, spread
from linli.kernel.refusals import BadInput
from linli.marketing.step.model import CampaignValue, Kind, Rung, StepTerm, TierTerm


class CampaignContradicts(BadInput):
    """A campaign contradicts itself; facts: reason."""

    title = "活动设置矛盾"


@rule(StepTerm)
def step(term: StepTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Take off what the highest rung reached gives, in proportion; gifts neither count nor share."""
    if not term.starts_at <= basket.at < term.ends_at:
        return Outcome(refused="not_running")
    among = _covered(term, basket.items)
    base = sum([fen for fen, meant in zip(left, among, strict=True) if meant])
    reached = base
    if term.by == Kind.QUANTITY:
        reached = sum([item.quantity for item, meant in zip(basket.items, among, strict=True) if meant])
    best = max((rung for rung in term.rungs if rung.reached <= reached), default=None)
    if best is None:
        missing = min(rung.reached for rung in term.rungs) - reached
        return Outcome(refused=f"missing_{'fen' if term.by == Kind.AMOUNT else 'pieces'}:{missing}")
    times = reached // best.reached if term.every else 1
    amount = best.off_fen * times if best.off_fen else share_bp(base, best.off_bp)
    return spread(amount, left, among)


@rule(TierTerm)
def tier(term: TierTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Take the buyer's tier's share off what is covered."""
    if not term.starts_at <= basket.at < term.ends_at:
        return Outcome(refused="not_running")
    off_bp = dict(term.off_bp).get(basket.buyer.segment, 0)
    if not off_bp:
        return Outcome(refused="other_segment")
    among = _covered(term, basket.items)
    base = sum([fen for fen, meant in zip(left, among, strict=True) if meant])
    return spread(share_bp(base, off_bp), left, among)


def _covered(term: StepTerm | TierTerm, items: Sequence[Item]) -> list[bool]:
    if not term.category_ids and not term.offer_ids:
        return [item.kind != "gift" for item in items]
    return [
        item.kind != "gift" and (item.category_id in term.category_ids or item.offer_id in term.offer_ids)
        for item in items
    ]


def term_of(campaign: CampaignValue) -> StepTerm | TierTerm:
    """Return the term that a campaign becomes in a price."""
    source = f"step:{campaign.id}"
    goods = (tuple(campaign.category_ids), tuple(campaign.offer_ids))
    if campaign.kind == Kind.TIER:
        return TierTerm(
            source=source, label=campaign.title, off_bp=tuple(sorted(campaign.tiers.items())), category_ids=goods[0],
            offer_ids=goods[1], starts_at=campaign.starts_at, ends_at=campaign.ends_at,
        )  # fmt: skip
    rungs = tuple(Rung(*rung) for rung in campaign.rungs)
    return StepTerm(
        source=source, label=campaign.title, by=campaign.kind, rungs=rungs, every=campaign.every,
        category_ids=goods[0], offer_ids=goods[1], starts_at=campaign.starts_at, ends_at=campaign.ends_at,
    )  # fmt: skip


def most_off(term: Term, basket: Basket) -> int:
    """Return the most fen that a campaign can take off a basket: what it takes when nothing else does.

    Rules of other stages only lower what is left, and steps and tiers never take more of less.
    """
    goods = [item.quantity * item.price_fen for item in basket.items]
    decide = tier if isinstance(term, TierTerm) else step
    return sum(decide(term, basket, goods).parts)


def check_campaign(given: Mapping[str, Any]) -> None:
    """Refuse CampaignContradicts when a campaign could never take anything off, or less for more."""
    rungs = [Rung(*rung) for rung in given["rungs"]]
    is_tier = given["kind"] == Kind.TIER
    by_fen = all(rung.off_fen and not rung.off_bp for rung in rungs)
    by_share = all(rung.off_bp and not rung.off_fen for rung in rungs)
    wrong = {
        "a campaign ends after it begins": given["ends_at"] <= given["starts_at"],
        "a tier discount names segments and no rungs": is_tier and (not given["tiers"] or bool(rungs)),
        "steps have rungs and no segments": not is_tier and (not rungs or bool(given["tiers"])),
        "all rungs give fen, or all give basis points": bool(rungs) and not by_fen and not by_share,
        "a higher rung gives more": any(
            low.reached >= high.reached or low[1:] >= high[1:] for low, high in pairwise(rungs)
        ),
        "a rung of an amount gives no more than it asks": given["kind"] == Kind.AMOUNT
        and any(rung.off_fen > rung.reached for rung in rungs),
        "every so much needs one rung of fen": given["every"] and (len(rungs) != 1 or not by_fen),
    }
    for reason, is_so in wrong.items():
        if is_so:
            raise CampaignContradicts(reason, reason=reason)
