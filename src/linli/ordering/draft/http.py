"""Routes of pasted 接龙: the leader pastes, looks at what was understood, and confirms."""

import asyncio
from datetime import datetime
from typing import Annotated

from pydantic import Field

from linli.kernel.refusals import BadInput
from linli.ordering.chain.model import Chain, ChainUnreadable
from linli.ordering.chain.rules import read_chain
from linli.ordering.draft.commands import confirm, paste
from linli.ordering.draft.model import Action, Decision
from linli.ordering.draft.queries import chain_of_leader
from linli.ordering.quote.rules import MOST_LINES
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Brief, CallOf, LongText, PublicId, Quantity, Remark, View

leader = Audience("leader", "chain")
routers = [leader.router]
MOST_DECISIONS = 500


class ChainNotReadable(BadInput):
    """The pasted text is no 接龙 that can be read; facts: reason."""

    code = "chain_unreadable"
    title = "无法识别的接龙"


class PastedChain(Body):
    """The chat's chain as it was copied, for one of the leader's stations and an open cycle."""

    cycle_id: PublicId
    station_id: PublicId
    text: LongText


class DecidedLine(Body):
    """What an item means: pieces of an offer."""

    offer_id: PublicId
    quantity: Quantity


class DecidedEntry(Body):
    """What is to become of an entry; `lines`, `who` and `place` correct what was understood."""

    entry_id: PublicId
    action: Action
    who: Brief | None = None
    place: Brief | None = None
    lines: Annotated[list[DecidedLine], Field(min_length=1, max_length=MOST_LINES)] | None = None
    payer: Brief = ""
    note: Remark = ""


class Confirmation(Body):
    """Decisions about entries; all of them are done or none."""

    entries: Annotated[list[DecidedEntry], Field(min_length=1, max_length=MOST_DECISIONS)]


class ItemView(View):
    """An item as the chat has it and as it was understood; without `offer_id` a person has to say, `why` tells why."""

    goods: str
    quantity: float
    unit: str
    offer_id: PublicId | None
    pieces: int | None
    candidates: list[PublicId]
    why: str


class EntryView(View):
    """An entry: what the chat says (`source`), how it was read, where it stands, and its order when there is one."""

    id: PublicId
    state: str
    reading: str
    serial: int | None
    who: str
    place: str
    items: list[ItemView]
    note: str
    source: str
    in_chat: bool
    ready: bool
    order_id: PublicId | None


class ChainView(View):
    """A pasted chain: `ready` entries can be confirmed as they are, `withdrawn` ones await a word on cancelling."""

    id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    title: str
    pastes: int
    pasted_at: datetime
    entries: list[EntryView]


async def _view(tx: Tx, chain_id: int, leader_id: int) -> ChainView:
    chain, entries = await chain_of_leader(tx, chain_id, leader_id)
    shown = [
        EntryView(
            id=entry.id, state=entry.state, reading=entry.reading, serial=entry.serial, who=entry.who,
            place=entry.place,
            items=[ItemView(**item) for item in entry.items], note=entry.note, source=entry.source,
            in_chat=entry.in_chat, order_id=entry.order_id,
            ready=entry.state == "waiting" and entry.reading == "understood" and bool(entry.items) and bool(entry.who)
            and all(item["offer_id"] for item in entry.items),
        )
        for entry in entries
    ]  # fmt: skip
    return ChainView(
        id=chain.id, cycle_id=chain.cycle_id, station_id=chain.station_id, title=chain.title, pastes=chain.pastes,
        pasted_at=chain.pasted_at, entries=shown,
    )  # fmt: skip


async def _read(text: str) -> Chain:
    """Read a pasted chain beside the event loop, as a long one takes a second."""
    try:
        return await asyncio.to_thread(read_chain, text)
    except ChainUnreadable as trouble:
        raise ChainNotReadable("the text is no chain that can be read", reason=str(trouble)) from trouble


@leader.post("/chains", permission="chain.import")
async def paste_chain(body: PastedChain, call: CallOf) -> ChainView:
    chain = await _read(body.text)
    leader_id = call.who.person_id

    async def work(tx: Tx) -> ChainView:
        chain_id = await paste(tx, leader_id=leader_id, station_id=body.station_id, cycle_id=body.cycle_id, chain=chain)
        return await _view(tx, chain_id, leader_id)

    return await call.write(work)


@leader.get("/chains/{chain_id}", permission="chain.import")
async def pasted_chain(chain_id: PublicId, call: CallOf) -> ChainView:
    async with call.reading() as tx:
        return await _view(tx, chain_id, call.who.person_id)


@leader.post("/chains/{chain_id}/confirmation", permission="chain.import")
async def confirm_chain(chain_id: PublicId, body: Confirmation, call: CallOf) -> ChainView:
    leader_id = call.who.person_id
    decisions = [
        Decision(
            entry.entry_id, entry.action, entry.who, entry.place,
            None if entry.lines is None else tuple((line.offer_id, line.quantity) for line in entry.lines),
            entry.payer, entry.note,
        )
        for entry in body.entries
    ]  # fmt: skip

    async def work(tx: Tx) -> ChainView:
        await confirm(tx, chain_id=chain_id, leader_id=leader_id, decisions=decisions)
        return await _view(tx, chain_id, leader_id)

    return await call.write(work)
