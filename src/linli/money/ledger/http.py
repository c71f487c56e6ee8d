"""Routes of the ledger for finance: trial balance and the proof that all books agree."""

from datetime import datetime

from linli.money.ledger import queries
from linli.platform.web import Audience, CallOf, Instant, PublicId, View

console = Audience("console", "ledger")


class TrialLineView(View):
    """One account of a trial balance."""

    kind: str
    owner_id: PublicId
    side: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


class TrialBalanceView(View):
    """A trial balance: every account, and the two totals."""

    at: datetime
    lines: list[TrialLineView]
    debit_fen: int
    credit_fen: int


class DifferenceView(View):
    """One place where two books disagree."""

    what: str
    ref: str
    expected_fen: int
    found_fen: int


class CheckView(View):
    """What the check found."""

    balanced: bool
    subledger_agrees: bool
    differences: list[DifferenceView]
    accounts: int


@console.get("/ledger/trial-balance", permission="ledger.read")
async def trial_balance(call: CallOf, at: Instant | None = None) -> TrialBalanceView:
    async with call.reading() as tx:
        return TrialBalanceView.model_validate(await queries.trial_balance(tx, at))


@console.get("/ledger/check", permission="ledger.read")
async def check(call: CallOf) -> CheckView:
    async with call.reading() as tx:
        return CheckView.model_validate(await queries.check(tx))


routers = [console.router]
