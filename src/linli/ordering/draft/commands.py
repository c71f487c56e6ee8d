"""Pasting a chain into a draft, and confirming its entries into orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from linli import people, sale
from linli.kernel.refusals import BadInput, Conflict, NotFound, Refusal
from linli.ordering.chain.model import Chain, Entry, EntryStatus, Growth
from linli.ordering.chain.rules import new_entries
from linli.ordering.draft import store
from linli.ordering.draft.model import PASTED, Action, Decision, EntryState, Goods
from linli.ordering.draft.queries import ChainNotFound
from linli.ordering.draft.records import ChainDraft, DraftEntry
from linli.ordering.draft.rules import match_item, plain, same_chain
from linli.ordering.order.commands import cancel
from linli.ordering.placing.commands import StationNotYours, place_for_neighbour
from linli.ordering.quote.queries import check_open
from linli.platform.database import Tx

MOST_ENTRIES = 2_000
WITHDRAWN = "接龙中已撤回"


class ChainTooLong(BadInput):
    """More entries than one draft holds; facts: most."""

    title = "接龙太长"


class PastedTwiceAtOnce(Conflict):
    """The chain was pasted twice at the same moment; look at the draft that is there now."""

    title = "同时粘贴了两次，请刷新"


class EntryNotFound(NotFound):
    """The chain has no such entry; facts: entry_id."""

    title = "没有这一条"


class EntryUnclear(Conflict):
    """The entry cannot become an order before a person says what it means; facts: entry_id, why."""

    title = "这一条还不清楚"


class EntryDecided(Conflict):
    """The entry stands where this cannot be decided any more; facts: entry_id, state."""

    title = "这一条已处理"


async def paste(tx: Tx, *, leader_id: int, station_id: int, cycle_id: int, chain: Chain) -> int:
    """Keep a read chain as a draft for a leader's station and an open cycle; returns the draft's id.

    A chain that was pasted before only gains what is new; what the chat withdrew is dropped, or proposed for
    cancelling when it was ordered. Refuses ChainTooLong, StationNotYours, CycleNotOpen and PastedTwiceAtOnce.
    """
    if len(chain.entries) > MOST_ENTRIES:
        raise ChainTooLong(f"a draft holds {MOST_ENTRIES} entries", most=MOST_ENTRIES)
    if (await people.station(tx, station_id)).leader_id != leader_id:
        raise StationNotYours(f"no station {station_id} of yours")
    check_open(await sale.cycle(tx, cycle_id), tx.now)
    earlier = await store.of_station(tx, cycle_id, station_id)
    known: dict[int, list[DraftEntry]] = defaultdict(list)
    for entry in await store.entries(tx, [draft.id for draft in earlier]) if earlier else ():
        known[entry.chain_id].append(entry)
    told = [(draft.id, draft.title, [entry.key for entry in known[draft.id]]) for draft in earlier]
    chain_id = same_chain(chain.title, [entry.key for entry in chain.entries], told)
    if chain_id is None:
        chain_id = await _begin(tx, leader_id, station_id, cycle_id, len(earlier) + 1, chain.title)
    else:
        await store.pasted_again(tx, next(draft for draft in earlier if draft.id == chain_id), chain.title)
    old = known[chain_id]
    growth = new_entries([entry.key for entry in old if entry.in_chat], chain)
    await _take_growth(tx, chain_id, old, growth)
    fresh = _unknown(growth, {entry.key for entry in old})
    await _add(tx, leader_id, chain_id, cycle_id, fresh)
    return chain_id


async def _begin(tx: Tx, leader_id: int, station_id: int, cycle_id: int, number: int, title: str) -> int:
    chain_id = await tx.new_id()
    row = {
        "region_id": tx.region_id, "id": chain_id, "leader_id": leader_id, "station_id": station_id,
        "cycle_id": cycle_id, "number": number, "title": title[:200], "pastes": 1,
        "made_at": tx.now, "pasted_at": tx.now,
    }  # fmt: skip
    if not await store.add_chain(tx, row):
        raise PastedTwiceAtOnce("another paste was faster")
    return chain_id


def _unknown(growth: Growth, known: set[str]) -> list[Entry]:
    return [entry for entry in growth.added if entry.key not in known]


async def _take_growth(tx: Tx, chain_id: int, old: Sequence[DraftEntry], growth: Growth) -> None:
    """Move the entries that the chat no longer wants, and bring back those that it wants again."""
    by_key = {entry.key: entry for entry in old}
    gone = {by_key[key].id for key in (*growth.gone, *(back.key for back in growth.withdrawn)) if key in by_key}
    again = {by_key[e.key].id for e in growth.added if e.key in by_key and e.status is not EntryStatus.WITHDRAWN}
    unwanted = [e.id for e in old if e.id in gone and not e.kept]
    await store.set_entries(tx, gone, in_chat=False)
    await store.set_entries(tx, again, in_chat=True)
    await store.move_entries(tx, "drop", unwanted)
    await store.move_entries(tx, "withdraw", unwanted)
    await store.move_entries(tx, "restore", again)
    await store.move_entries(tx, "keep", again)


async def _add(tx: Tx, leader_id: int, chain_id: int, cycle_id: int, fresh: Sequence[Entry]) -> None:
    if not fresh:
        return
    offers = {id: offer for id, offer in (await sale.offers(tx, cycle_id)).items() if not offer.withdrawn}
    shelf = [Goods(id, offer.product_name, offer.spec, offer.unit) for id, offer in offers.items()]
    by_sku = {offer.sku_id: id for id, offer in offers.items()}
    taught = {word: by_sku[sku] for word, sku in (await store.names(tx, leader_id)).items() if sku in by_sku}
    ids = await tx.new_ids(len(fresh))
    rows = [_row(tx, id, chain_id, entry, shelf, taught) for id, entry in zip(ids, fresh, strict=True)]
    await store.add_entries(tx, rows)
    dropped = [row["id"] for row in rows if row["reading"] == EntryStatus.WITHDRAWN]
    await store.move_entries(tx, "drop", dropped)


def _row(
    tx: Tx, id: int, chain_id: int, entry: Entry, shelf: Sequence[Goods], taught: Mapping[str, int]
) -> dict[str, Any]:
    items = []
    for item in entry.items:
        match = match_item(item.goods, item.quantity, item.unit, shelf, taught)
        understood = {
            "offer_id": str(match.offer_id) if match.offer_id else None,
            "pieces": match.quantity,
            "candidates": [str(candidate) for candidate in match.candidates],
            "why": match.why,
        }
        items.append(item.as_json() | understood)
    return {
        "region_id": tx.region_id, "id": id, "chain_id": chain_id, "key": entry.key, "state": PASTED.initial,
        "reading": entry.status.value, "serial": entry.serial, "who": entry.who[:120], "place": entry.place[:120],
        "items": items, "note": entry.note[:500], "source": entry.source[:2000], "in_chat": True, "kept": False,
        "order_id": None,
    }  # fmt: skip


async def confirm(tx: Tx, *, chain_id: int, leader_id: int, decisions: Sequence[Decision]) -> None:
    """Do what a leader decided about entries: order for the neighbour, drop, cancel what was withdrawn, or keep it.

    All of it or nothing; a refusal names the entry. An entry that already stands there is left alone. Refuses
    ChainNotFound, EntryNotFound, EntryUnclear, EntryDecided and what ordering and cancelling refuse.
    """
    chain = await store.locked(tx, chain_id, leader_id)
    if chain is None:
        raise ChainNotFound(f"no chain {chain_id}")
    entries = {entry.id: entry for entry in await store.entries(tx, [chain_id])}
    for decision in decisions:
        if decision.entry_id not in entries:
            raise EntryNotFound("the chain has no such entry", entry_id=str(decision.entry_id))
        try:
            await _decide(tx, chain, entries[decision.entry_id], decision)
        except Refusal as refusal:
            refusal.facts.setdefault("entry_id", str(decision.entry_id))
            raise


async def _decide(tx: Tx, chain: ChainDraft, entry: DraftEntry, decision: Decision) -> None:
    state = EntryState(entry.state)
    verb = decision.action.value
    if state is PASTED.target(verb):
        return
    if state not in PASTED.origins(verb):
        raise EntryDecided(f"the entry is {state}", entry_id=str(entry.id), state=str(state))
    if decision.action is Action.ORDER:
        await _order(tx, chain, entry, decision)
        return
    if decision.action is Action.CANCEL:
        assert entry.order_id is not None
        await cancel(tx, order_id=entry.order_id, leader_id=chain.leader_id, reason=WITHDRAWN)
    await store.move_entries(tx, verb, [entry.id], **({"kept": True} if decision.action is Action.KEEP else {}))


async def _order(tx: Tx, chain: ChainDraft, entry: DraftEntry, decision: Decision) -> None:
    lines = decision.lines if decision.lines is not None else _understood(entry)
    who = (decision.who or entry.who).strip()
    if not who:
        raise EntryUnclear("nobody is named", entry_id=str(entry.id), why="no_name")
    placed = await place_for_neighbour(
        tx, leader_id=chain.leader_id, station_id=chain.station_id, cycle_id=chain.cycle_id, lines=lines,
        nickname=who, place_of=entry.place if decision.place is None else decision.place,
        payer=decision.payer or who, note=decision.note or entry.note,
    )  # fmt: skip
    await store.move_entries(tx, "order", [entry.id], order_id=placed.id)
    if decision.lines is not None and len(lines) == len(entry.items) == 1 and not entry.items[0]["offer_id"]:
        await store.learn(tx, chain.leader_id, {plain(entry.items[0]["goods"]): placed.lines[0].sku_id})


def _understood(entry: DraftEntry) -> tuple[tuple[int, int], ...]:
    if entry.reading != EntryStatus.UNDERSTOOD or not entry.items:
        raise EntryUnclear("say what is meant", entry_id=str(entry.id), why=entry.reading)
    for item in entry.items:
        if not item["offer_id"]:
            raise EntryUnclear("say which offer is meant", entry_id=str(entry.id), why=item["why"])
    return tuple((int(item["offer_id"]), item["pieces"]) for item in entry.items)
