"""Pure decisions about commission: which rule pays, and how much a line earns as it is collected and refunded."""

from __future__ import annotations

from collections.abc import Iterable

from linli.kernel.money import portion, share_bp
from linli.settlement.commission.model import Change, Rule, Scope, Sold


def matches(rule: Rule, sold: Sold) -> bool:
    """Tell whether a rule is for a sold line."""
    wanted = {
        Scope.OFFER: sold.offer_id,
        Scope.PRODUCT: sold.product_id,
        Scope.LEADER: sold.leader_id,
        Scope.CATEGORY_LEVEL: sold.category_id,
        Scope.CATEGORY: sold.category_id,
        Scope.REGION: 0,
    }[rule.scope]
    return rule.scope_id == wanted and (rule.scope is not Scope.CATEGORY_LEVEL or rule.level == sold.level)


def choose(rules: Iterable[Rule], sold: Sold) -> Rule:
    """Return the first rule that matches, in the order of the scopes; one that pays nothing where none matches."""
    order = list(Scope)
    found = sorted(
        (rule for rule in rules if matches(rule, sold)), key=lambda rule: (order.index(rule.scope), -rule.id)
    )
    return found[0] if found else Rule(0, Scope.REGION)


def earned(rule: Rule, *, collected_fen: int, kept_fen: int, pieces: int) -> int:
    """Return the commission in fen of a line of which `kept_fen` of the `collected_fen` were not refunded.

    A percentage is of what was kept; fen a piece shrink in the same proportion.
    """
    if collected_fen <= 0 or kept_fen <= 0:
        return 0
    if rule.piece_fen is None:
        return share_bp(kept_fen, rule.rate_bp)
    return portion(rule.piece_fen * pieces, min(kept_fen, collected_fen), collected_fen)


def change(rule: Rule, *, stood_at: int, collected_fen: int, kept_fen: int, pieces: int) -> Change:
    """Return how a line's commission changes from what it stood at; taken in any steps it ends at the same fen."""
    amount = earned(rule, collected_fen=collected_fen, kept_fen=kept_fen, pieces=pieces)
    return Change(amount - stood_at, amount)
