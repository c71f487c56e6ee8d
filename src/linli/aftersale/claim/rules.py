"""Pure arithmetic of claims: how many pieces of a line can still be claimed, and what they are worth."""

from __future__ import annotations

from linli.kernel.money import cumulative_portion


def free_pieces(*, quantity: int, collected: int, refunded: int, held: int, settled: int) -> int:
    """Return how many collected pieces of a line nobody claims yet, neither refunded nor settled by a case."""
    return max(0, min(collected - held - settled, quantity - refunded - held))


def worth(
    *, paid_fen: int, refunded_fen: int, held_fen: int, quantity: int, collected: int, taken: int, pieces: int
) -> int:
    """Return the fen that the next pieces of a line were paid with; `taken` collected ones are claimed or settled.

    Never more than what is neither refunded nor claimed. Whatever the steps, the pieces of a line are worth what was
    paid for them. ValueError beyond the line's pieces.
    """
    share = cumulative_portion(paid_fen, quantity - collected + taken, pieces, quantity)
    return max(0, min(share, paid_fen - refunded_fen - held_fen))
