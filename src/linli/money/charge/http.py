"""Routes of charges: the member watches and retries, finance confirms cash and transfers."""

from datetime import datetime

from linli.money.charge import commands
from linli.money.charge.model import ChargeValue
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, View

app = Audience("app", "charge")
console = Audience("console", "charge")


class ChargeView(View):
    """A charge as its payer sees it; `pay_url` (a page, a QR text) or `pay_params` (for the provider's app) appears as
    soon as the channel has opened it."""

    id: PublicId
    state: str
    channel: str
    amount_fen: int
    paid_fen: int
    refunded_fen: int
    orders: dict[str, int]
    description: str
    expires_at: datetime
    paid_at: datetime | None
    pay_url: str | None
    pay_params: dict[str, str] | None = None


class Confirmation(Body):
    """What was received, in fen."""

    amount_fen: FenAmount


def _view(charge: ChargeValue) -> ChargeView:
    shares = {str(order_id): fen for order_id, fen in charge.orders.items()}
    shown = {name: getattr(charge, name) for name in ChargeView.model_fields if name != "orders"}
    return ChargeView(orders=shares, **shown)


@app.get("/charges/{charge_id}", permission="charge.open")
async def own_charge(charge_id: PublicId, call: CallOf) -> ChargeView:
    async with call.reading() as tx:
        return _view(await commands.the_charge(tx, charge_id=charge_id, member_id=call.who.person_id))


@app.post("/charges/{charge_id}/attempts", permission="charge.open")
async def retry(charge_id: PublicId, call: CallOf) -> ChargeView:
    async def work(tx: Tx) -> ChargeView:
        await commands.the_charge(tx, charge_id=charge_id, member_id=call.who.person_id)
        return _view(await commands.retry_charge(tx, charge_id=charge_id))

    return await call.write(work)


@console.get("/charges/{charge_id}", permission="order.read")
async def charge(charge_id: PublicId, call: CallOf) -> ChargeView:
    async with call.reading() as tx:
        return _view(await commands.the_charge(tx, charge_id=charge_id))


@console.post("/charges/{charge_id}/confirmation", permission="payment.confirm")
async def confirm(charge_id: PublicId, body: Confirmation, call: CallOf) -> ChargeView:
    async def work(tx: Tx) -> ChargeView:
        return _view(await commands.confirm_offline(tx, charge_id=charge_id, amount_fen=body.amount_fen))

    return await call.write(work)


routers = [app.router, console.router]
