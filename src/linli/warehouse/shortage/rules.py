"""Giving out scarce pieces: deterministic, all that is there, nobody beyond the wish; more goods never harm anybody."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction

from linli.warehouse.shortage.model import Claim, Rule, Share

RULE_WORDS = {Rule.PAID_TIME: "先付款先得", Rule.PROPORTIONAL: "按比例分配", Rule.SMALL_FIRST: "小单优先"}


def allocate(rule: Rule, claims: Sequence[Claim], available: int) -> list[Share]:
    """Return what each claim gets of the available pieces, in the order of the rule; ValueError below zero."""
    if available < 0 or any(claim.wanted < 0 for claim in claims):
        raise ValueError("pieces cannot be negative")
    if rule is Rule.SMALL_FIRST:
        ordered = sorted(claims, key=lambda claim: (claim.wanted, claim.paid_at, claim.line_id))
    else:
        ordered = sorted(claims, key=lambda claim: (claim.paid_at, claim.line_id))
    given = _in_proportion(ordered, available) if rule is Rule.PROPORTIONAL else _in_turn(ordered, available)
    return [
        Share(claim.line_id, claim.wanted, count, rank)
        for rank, (claim, count) in enumerate(zip(ordered, given, strict=True), start=1)
    ]


def _in_turn(ordered: Sequence[Claim], available: int) -> list[int]:
    given = []
    for claim in ordered:
        given.append(min(claim.wanted, available))
        available -= given[-1]
    return given


def _in_proportion(ordered: Sequence[Claim], available: int) -> list[int]:
    """Give piece by piece to whom it is due most (Sainte-Laguë), so that one piece more takes nothing from anybody.

    The largest remainder would be closer for one amount, but there a piece more can cost somebody one.
    """
    given = [0] * len(ordered)
    if available >= sum(claim.wanted for claim in ordered):
        return [claim.wanted for claim in ordered]
    waiting = [(Fraction(1, claim.wanted), at) for at, claim in enumerate(ordered) if claim.wanted]
    heapq.heapify(waiting)
    for _ in range(available):
        at = heapq.heappop(waiting)[1]
        given[at] += 1
        wanted = ordered[at].wanted
        if given[at] < wanted:
            heapq.heappush(waiting, (Fraction(2 * given[at] + 1, wanted), at))
    return given


def explain(rule: Rule, share: Share, *, claims: int, wanted: int, available: int) -> str:
    """Return in a sentence why an order line got what it got."""
    there = f"共需 {wanted} 份，实有 {available} 份，{RULE_WORDS[rule]}"
    if rule is Rule.PROPORTIONAL:
        return f"{there}：您订 {share.wanted} 份，分得 {share.given} 份"
    place = f"您排第 {share.rank} 位（共 {claims} 位）"
    if share.given:
        return f"{there}：{place}，轮到时只余 {share.given} 份"
    return f"{there}：{place}，轮到时已分完"
