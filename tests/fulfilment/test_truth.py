"""The truth check: a day whose books agree is whole, and every book that is tampered with is found out."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import text

from linli import fulfilment
from linli.platform.database import Tx
from tests.fulfilment.yard import Yard
from tests.people_cast import done

TAMPERED = {
    "frozen demand = what orders wanted": "UPDATE ordering.lines SET quantity = quantity + 1",
    "ordered = purchased − rounding + stock used": (
        "UPDATE supply.purchase_lines SET quantity = quantity + pack_size, packs = packs + 1, "
        "amount_fen = amount_fen + pack_size * price_fen"
    ),
    "ordered = sorted + short": "UPDATE warehouse.sort_items SET quantity = quantity + 1",
    "handed over ≤ what orders get ≤ sorted": "UPDATE warehouse.sort_items SET short = short + 1",
    "grams in totes = grams of their lines": "UPDATE warehouse.totes SET weight_g = weight_g + 1",
    "pieces in totes = pieces of their lines": "UPDATE warehouse.totes SET pieces = pieces + 1",
    "pieces stations are to get = pieces in totes": "UPDATE fulfilment.handovers SET expected_pieces = 1",
}


class Undone(Exception):
    """What was found in books that are put right again by this very exception."""


async def tampered(tx: Tx, *, statement: str, cycle_id: int) -> None:
    """Change a book of the region as its owner could, look for untruths, and undo it all."""
    await tx.execute(text("SET LOCAL ROLE NONE"))
    await tx.execute(text(f"{statement} WHERE region_id = :region_id"), {"region_id": tx.region_id})
    raise Undone("; ".join(each.what for each in await fulfilment.untruths(tx, cycle_id)))


async def lies(yard: Yard) -> list[str]:
    """Return the sentences that the books of the yard's cycle contradict."""
    return [each.what for each in await yard.depot.do(lambda tx: fulfilment.untruths(tx, yard.cycle_id))]


@pytest.mark.rule("BUY-1")
async def test_a_day_in_totes_is_whole_and_every_book_that_is_tampered_with_is_found_out(yard: Yard) -> None:
    await yard.sort()
    assert await lies(yard) == []
    buyer = await yard.depot.cast.buyer()
    told = done(await buyer.get(f"/console/cycles/{yard.cycle_id}/truth"))
    assert (told["whole"], told["untruths"]) == (True, [])
    for sentence, statement in TAMPERED.items():
        with pytest.raises(Undone) as found:
            await yard.depot.do(partial(tampered, statement=statement, cycle_id=yard.cycle_id))
        assert sentence in str(found.value)
    assert await lies(yard) == []
