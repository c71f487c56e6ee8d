"""What happens to frozen money: its goods are handed over, and the provider is told so."""

from __future__ import annotations

from linli.money.shipping import store
from linli.money.shipping.events import TellShipping
from linli.platform.database import Tx


async def goods_handed_over(tx: Tx, *, cycle_id: int, station_id: int) -> int:
    """Have the provider told, by a job, that a station's goods of a cycle lie with its leader; twice is once.

    Returns how many charges are concerned: those paid in the mini program.
    """
    charges = await store.hand_over(tx, cycle_id, station_id)
    await tx.enqueue(*(TellShipping(charge_id) for charge_id in charges))
    return len(charges)


async def note_told(tx: Tx, *, charge_id: int, trouble: str = "") -> None:
    """Write that the provider heard of a hand-over, or what kept it from hearing."""
    await store.note_told(tx, charge_id, trouble[:300])
