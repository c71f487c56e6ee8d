"""Starting a bargain, helping with one, and buying at the price that it reached, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from linli import sale
from linli.kernel.ids import day_of
from linli.kernel.price import Quote, Term
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.marketing.bargain import rules, store
from linli.marketing.bargain.model import BargainTerm, BargainTerms, BargainValue
from linli.marketing.bargain.settings import HELPS_FROM_ADDRESS
from linli.marketing.promotion.commands import Desk, Promotion, promotion
from linli.marketing.promotion.model import Ask
from linli.platform.database import Tx
from linli.platform.settings import value_of

KIND = "bargain"
LABEL = "砍价"


class NoBargainOffer(Conflict):
    """The offer is not bargained for; facts: offer_id."""

    title = "该商品不参加砍价"


class BargainTermsRefused(BadInput):
    """The offer cannot be bargained for like this; facts: reason."""

    title = "砍价条件不成立"


class NoSuchBargain(NotFound):
    """There is no such bargain, or it is another member's; facts: bargain_id."""

    title = "没有这个砍价"


class BargainOver(Conflict):
    """The bargain is over: bought, at its floor, or past its time; facts: bargain_id, reason."""

    title = "砍价已结束"


class HelpedAlready(Conflict):
    """This person, or this device, has helped with this offer."""

    title = "您已帮砍过该商品"


class OwnBargain(Conflict):
    """Nobody helps with the own bargain, nor from the device that started it."""

    title = "不能给自己砍价"


class TooManyFromAddress(Conflict):
    """One network address has given this bargain as many helps as it may."""

    title = "同一网络帮砍次数过多"


class BargainDesk(Desk):
    """The bargains that a batch of orders buys, locked."""

    def __init__(self, tx: Tx, bargains: Mapping[int, BargainValue]) -> None:
        self.now = tx.now
        self.bargains = bargains
        self._bought: dict[int, int] = {}

    def terms(self, ask: Ask) -> Sequence[Term]:
        """Return the price reached for who buys a bargain; refuses one that is another's, over or bought."""
        if KIND not in ask.using:
            return ()
        found = self._chosen(ask)
        source = f"{KIND}:{found.id}"
        return (
            BargainTerm(source=source, label=LABEL, asked=True, offer_id=found.offer_id, price_fen=found.price_fen),
        )

    def check(self, ask: Ask, quote: Quote) -> None:
        """Refuse a bargain that an order accepted just before has bought."""
        if KIND in ask.using:
            self._chosen(ask)

    def take(self, ask: Ask, order_id: int, quote: Quote) -> None:
        """Note that the order buys the bargain."""
        if KIND in ask.using:
            self._bought[self._chosen(ask).id] = order_id

    async def write(self, tx: Tx) -> None:
        """Store which orders bought which bargains."""
        if self._bought:
            await store.buy(tx, self._bought)

    def _chosen(self, ask: Ask) -> BargainValue:
        bargain_id = rules.read_choice(ask.using[KIND])
        found = self.bargains.get(bargain_id)
        if found is None or found.member_id != ask.member_id:
            raise NoSuchBargain(f"no bargain {bargain_id} of yours", bargain_id=str(bargain_id))
        reason = "bought" if found.order_id or found.id in self._bought else ""
        reason = reason or ("expired" if found.expires_at <= self.now else "")
        if reason:
            raise BargainOver(f"the bargain is {reason}", bargain_id=str(bargain_id), reason=reason)
        return found


@promotion
class Bargains(Promotion):
    """Bargains as orders meet them: `using: {"bargain": "<id>"}`."""

    name = KIND

    async def open(self, tx: Tx, asks: Sequence[Ask], *, holding: bool) -> BargainDesk | None:
        """Open the desk for the orders that buy a bargain; locks the bargains in ascending id."""
        wanted = [ask.using[KIND] for ask in asks if KIND in ask.using]
        if not wanted:
            return None
        ids: set[int] = set()
        for chosen in wanted:
            with suppress(rules.BargainChoiceUnclear):  # refused in its turn
                ids.add(rules.read_choice(chosen))
        return BargainDesk(tx, await store.bargains(tx, ids, lock=holding) if ids else {})

    async def give_back(self, tx: Tx, order_ids: Sequence[int]) -> None:
        """Let the bargain be bought again at the price that it had reached."""
        await store.give_back(tx, order_ids)


async def sell_by_bargain(tx: Tx, *, offer_id: int, floor_fen: int, helps: int, hours: int) -> BargainTerms:
    """Say how an offer of the kind `bargain` is bargained for; bargains that were started keep their terms.

    Refuses NoSuchOffer, NoBargainOffer, BargainTermsRefused and BelowCost.
    """
    found = await sale.offer(tx, offer_id)
    if found.kind != KIND:
        raise NoBargainOffer("the offer is of another kind", offer_id=str(offer_id))
    trouble = rules.terms_trouble(floor_fen, found.price_fen, helps, hours)
    if trouble:
        raise BargainTermsRefused(f"not bargained for like this: {trouble}", reason=trouble)
    await sale.set_floor(tx, offer_id=offer_id, floor_fen=floor_fen)
    terms = BargainTerms(offer_id, floor_fen, helps, hours)
    await store.put_terms(tx, terms)
    return terms


async def start(tx: Tx, *, member_id: int, offer_id: int, device: str = "") -> BargainValue:
    """Start a member's bargain for an offer, one for each; the one that was started is given again.

    `device` is a hash. Refuses NoSuchOffer and NoBargainOffer.
    """
    before = await store.of_member(tx, member_id, offer_id)
    if before is not None:
        return before
    offer, terms = await sale.offer(tx, offer_id), await store.terms_of(tx, offer_id)
    if terms is None or offer.withdrawn or not offer.on_sale or not offer.opens_at <= tx.now < offer.closes_at:
        raise NoBargainOffer("the offer is not bargained for now", offer_id=str(offer_id))
    made = BargainValue(
        id=await tx.new_id(day_of(offer.cycle_id)), offer_id=offer_id, cycle_id=offer.cycle_id, member_id=member_id,
        full_fen=offer.price_fen, floor_fen=min(terms.floor_fen, offer.price_fen), price_fen=offer.price_fen,
        helps=terms.helps, helped=0, started_at=tx.now,
        expires_at=rules.expires(tx.now, terms.hours, offer.closes_at), order_id=None,
    )  # fmt: skip
    if await store.add(tx, made, device):
        return made
    raced = await store.of_member(tx, member_id, offer_id)
    assert raced is not None
    return raced


async def help_bargain(
    tx: Tx, *, bargain_id: int, member_id: int, draw: int, device: str = "", address: str = ""
) -> tuple[BargainValue, int]:
    """Let a neighbour cut the price of a bargain; returns it with the fen that were cut.

    `draw` is uniform in [0, 1,000,000); device and address are hashes, empty when unknown. Refuses NoSuchBargain,
    OwnBargain, BargainOver, HelpedAlready and TooManyFromAddress.
    """
    found = (await store.bargains(tx, [bargain_id], lock=True)).get(bargain_id)
    if found is None:
        raise NoSuchBargain(f"no bargain {bargain_id}", bargain_id=str(bargain_id))
    if found.member_id == member_id or (device and device == await store.device_of(tx, bargain_id)):
        raise OwnBargain("this is your own bargain")
    reason = "bought" if found.order_id else ("expired" if found.expires_at <= tx.now else "")
    if reason or found.helped >= found.helps:
        raise BargainOver("nothing is left to be cut", bargain_id=str(bargain_id), reason=reason or "at_floor")
    most = await value_of(tx, HELPS_FROM_ADDRESS)
    if address and await store.helps_from(tx, bargain_id, address) >= most:
        raise TooManyFromAddress("too many helps from one address")
    fen = rules.cut(found.price_fen - found.floor_fen, found.helps - found.helped, draw)
    row = {"offer_id": found.offer_id, "member_id": member_id, "bargain_id": bargain_id, "cut_fen": fen}
    if not await store.add_help(tx, {**row, "device": device, "address": address}):
        raise HelpedAlready("you have helped with this offer")
    await store.cut(tx, bargain_id, fen)
    return found._replace(price_fen=found.price_fen - fen, helped=found.helped + 1), fen
