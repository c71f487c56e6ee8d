"""Console route of the truth of a cycle."""

from linli.fulfilment.truth import queries
from linli.platform.web import Audience, CallOf, PublicId, View

console = Audience("console", "truth")
routers = [console.router]


class UntruthView(View):
    """One sentence that the books contradict, in pieces or grams; sku 0: about the whole cycle."""

    sku_id: PublicId
    what: str
    expected: int
    found: int


class TruthView(View):
    """Whether every piece of a cycle is accounted for, from orders to handover."""

    cycle_id: PublicId
    whole: bool
    untruths: list[UntruthView]


@console.get("/cycles/{cycle_id}/truth", permission="demand.read")
async def see_truth(cycle_id: PublicId, call: CallOf) -> TruthView:
    async with call.reading() as tx:
        found = [UntruthView.model_validate(each) for each in await queries.untruths(tx, cycle_id)]
    return TruthView(cycle_id=cycle_id, whole=not found, untruths=found)
