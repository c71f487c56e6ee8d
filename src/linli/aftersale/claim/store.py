"""SQL of claims: lock a line's claim, hold, settle, let go."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.aftersale.claim.records import Claim
from linli.platform.database import Tx

EMPTY = {
    "most_pieces": 0, "most_fen": 0, "held_pieces": 0, "held_fen": 0, "settled_pieces": 0, "settled_fen": 0,
}  # fmt: skip


async def locked(tx: Tx, line_id: int) -> Claim:
    """Lock the claim of a line, which is made when missing: whoever claims or refunds by a case goes one by one."""
    fresh = insert(Claim).values(region_id=tx.region_id, line_id=line_id, **EMPTY)
    await tx.execute(fresh.on_conflict_do_nothing())
    here = (Claim.region_id == tx.region_id, Claim.line_id == line_id)
    found = await tx.first(select(Claim).where(*here).with_for_update())
    assert found is not None
    return found


async def hold(tx: Tx, line_id: int, *, pieces: int, fen: int, most_pieces: int, most_fen: int) -> None:
    """Hold pieces and fen of a line for a case."""
    here = (Claim.region_id == tx.region_id, Claim.line_id == line_id)
    held = {"held_pieces": Claim.held_pieces + pieces, "held_fen": Claim.held_fen + fen}
    await tx.execute(update(Claim).where(*here).values(**held, most_pieces=most_pieces, most_fen=most_fen))


async def let_go(tx: Tx, line_id: int, *, pieces: int, fen: int, settled_pieces: int = 0, settled_fen: int = 0) -> None:
    """Let go what a case held; some of it stays taken for good where it was settled."""
    here = (Claim.region_id == tx.region_id, Claim.line_id == line_id)
    values = {
        "held_pieces": Claim.held_pieces - pieces,
        "held_fen": Claim.held_fen - fen,
        "settled_pieces": Claim.settled_pieces + settled_pieces,
        "settled_fen": Claim.settled_fen + settled_fen,
    }
    await tx.execute(update(Claim).where(*here).values(**values))
