"""The route on frozen money, for finance."""

from datetime import datetime

from linli.money.shipping import queries
from linli.platform.web import Audience, CallOf, View

console = Audience("console", "shipping")


class FrozenView(View):
    """Money of the mini program in fen, less refunds: before its goods are handed over, handed over but the provider
    has not heard of it, and told. What was told becomes ours two days later, or when the member confirms."""

    before_hand_over_fen: int
    before_hand_over: int
    untold_fen: int
    untold: int
    told_fen: int
    told: int
    oldest_untold: datetime | None


@console.get("/frozen-money", permission="ledger.read")
async def frozen_money(call: CallOf) -> FrozenView:
    async with call.reading() as tx:
        return FrozenView.model_validate(await queries.frozen(tx))


routers = [console.router]
