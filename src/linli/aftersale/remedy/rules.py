"""Pure decisions about remedies: what an award comes to, what the lost goods cost, what needs no person."""

from __future__ import annotations

from linli.aftersale.remedy.model import Award, Policy
from linli.kernel.money import portion


def award(*, pieces: int, worth_fen: int, wanted_pieces: int | None, wanted_fen: int | None) -> Award | None:
    """Return what a decision gives back of a claim: for pieces their part of its worth; None beyond the claim.

    All pieces give back exactly what the claim is worth.
    """
    if wanted_pieces is not None:
        return Award(wanted_pieces, portion(worth_fen, wanted_pieces, pieces)) if wanted_pieces <= pieces else None
    fen = worth_fen if wanted_fen is None else wanted_fen
    return Award(0, fen) if fen <= worth_fen else None


def cost_of(given: Award, *, cost_fen: int, pieces: int, worth_fen: int) -> int:
    """Return the cost in fen of what was lost: of the pieces, or for an amount the same part of the claim's cost."""
    if given.pieces:
        return cost_fen * given.pieces
    return portion(cost_fen * pieces, given.fen, worth_fen) if worth_fen else 0


def settled_pieces(given: Award, *, pieces: int) -> int:
    """Return how many claimed pieces a decision settles for good; an amount settles them all."""
    return given.pieces or pieces


def needs_no_person(*, clear: bool, worth_fen: int, cases_of_line: int, cases_of_member: int, policy: Policy) -> bool:
    """Tell whether a case is small and clear: proven by a photo, the first of its line, of a member who seldom asks."""
    return (
        clear
        and 0 < worth_fen <= min(policy.most_fen, policy.budget_fen)
        and cases_of_line == 0
        and cases_of_member < policy.most_cases
    )
