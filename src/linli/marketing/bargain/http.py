"""Routes of bargains: the console says how an offer is bargained for, members start, share, help and look."""

import secrets
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field as Limits

from linli.marketing.bargain import commands, queries, rules
from linli.marketing.bargain.model import BargainValue
from linli.platform.database import Tx
from linli.platform.secrecy import blind
from linli.platform.web import Audience, Body, Call, CallOf, FenAmount, PublicId, View

console = Audience("console", "bargain")
app = Audience("app", "bargain")
routers = [console.router, app.router]
Device = Annotated[str, Limits(max_length=200, pattern=r"^[!-~]*$", description="what the client knows its device by")]


class NewBargainTerms(Body):
    """How an offer is bargained for: the floor in fen, how many helps lead there, within how many hours."""

    floor_fen: FenAmount
    helps: Annotated[int, Limits(ge=1, le=200, strict=True)]
    hours: Annotated[int, Limits(ge=1, le=168, strict=True)]


class BargainTermsView(View):
    """How an offer is bargained for."""

    offer_id: PublicId
    floor_fen: int
    helps: int
    hours: int


class NewBargain(Body):
    """The device on which a bargain is started (kept as a hash only)."""

    device: Device = ""


class NewHelp(Body):
    """The device from which a neighbour helps (kept as a hash only)."""

    device: Device = ""


class BargainView(View):
    """A bargain as its owner and helpers see it; `now` is the server's clock, for the countdown."""

    id: PublicId
    offer_id: PublicId
    full_fen: int
    floor_fen: int
    price_fen: int
    helps: int
    helped: int
    started_at: datetime
    expires_at: datetime
    bought: bool
    yours: bool
    now: datetime


class HelpView(View):
    """One help: the masked name of who helped, and the fen that were cut."""

    name: str
    cut_fen: int


class BargainDetail(BargainView):
    """A bargain with its helps, the first one first."""

    given: list[HelpView]


class HelpedView(BargainView):
    """A bargain just after a help, with what it cut."""

    cut_fen: int


@console.put("/offers/{offer_id}/bargain", permission="offer.manage")
async def set_bargain_terms(offer_id: PublicId, body: NewBargainTerms, call: CallOf) -> BargainTermsView:
    async def work(tx: Tx) -> BargainTermsView:
        made = await commands.sell_by_bargain(tx, offer_id=offer_id, **body.model_dump())
        return BargainTermsView.model_validate(made)

    return await call.write(work)


@app.post("/offers/{offer_id}/bargains", permission="order.place")
async def start_bargain(offer_id: PublicId, body: NewBargain, call: CallOf) -> BargainView:
    device = _hash(call, body.device)

    async def work(tx: Tx) -> BargainView:
        made = await commands.start(tx, member_id=call.who.person_id, offer_id=offer_id, device=device)
        return BargainView(**_shown(made, call, tx))

    return await call.write(work)


@app.get("/bargains/{bargain_id}", permission="shop.browse")
async def see_bargain(bargain_id: PublicId, call: CallOf) -> BargainDetail:
    async with call.reading() as tx:
        found = await queries.bargain(tx, bargain_id)
        if found is None:
            raise commands.NoSuchBargain(f"no bargain {bargain_id}", bargain_id=str(bargain_id))
        given = await queries.helps(tx, bargain_id)
        views = [HelpView(name=name, cut_fen=fen) for name, fen in given]
        return BargainDetail(**_shown(found, call, tx), given=views)


@app.post("/bargains/{bargain_id}/helps", permission="order.place")
async def help_bargain(bargain_id: PublicId, body: NewHelp, call: CallOf) -> HelpedView:
    device = _hash(call, body.device)
    address = _hash(call, call.request.client.host if call.request.client else "")
    draw = secrets.randbelow(rules.DRAWS)

    async def work(tx: Tx) -> HelpedView:
        found, fen = await commands.help_bargain(
            tx, bargain_id=bargain_id, member_id=call.who.person_id, draw=draw, device=device, address=address
        )
        return HelpedView(**_shown(found, call, tx), cut_fen=fen)

    return await call.write(work)


def _hash(call: Call, text: str) -> str:
    return blind(call.installation.key, "marketing.bargain", text) if text else ""


def _shown(found: BargainValue, call: Call, tx: Tx) -> dict[str, Any]:
    yours = found.member_id == call.who.person_id
    return {**found._asdict(), "bought": found.order_id is not None, "yours": yours, "now": tx.now}
