"""The chart of accounts and the kinds of entries: which accounts each kind moves money between."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class AccountKind(StrEnum):
    """What an account stands for; cash has one per payment provider."""

    CASH_SANDBOX = "cash_sandbox"
    CASH_OFFLINE = "cash_offline"
    CASH_WECHAT = "cash_wechat"
    CASH_ALIPAY = "cash_alipay"
    SUPPLIER_CLAIMS = "supplier_claims"
    LEADER_RECEIVABLE = "leader_receivable"
    GOODS_COST = "goods_cost"
    COMMISSION_COST = "commission_cost"
    COUPON_COST = "coupon_cost"
    DELIVERY_COST = "delivery_cost"
    LOSS = "loss"
    FEES = "fees"
    ROUNDING = "rounding"
    MEMBER_PREPAYMENT = "member_prepayment"
    MEMBER_BALANCE = "member_balance"
    LEADER_PENDING = "leader_pending"
    LEADER_AVAILABLE = "leader_available"
    TAX_PAYABLE = "tax_payable"
    SUPPLIER_PAYABLE = "supplier_payable"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class AccountRule:
    """How accounts of a kind behave: `owned` ones exist per leader or supplier; `guarded` ones never go below 0."""

    side: Side
    owned: bool = False
    guarded: bool = False


CHART: dict[AccountKind, AccountRule] = {
    AccountKind.CASH_SANDBOX: AccountRule(Side.DEBIT),
    AccountKind.CASH_OFFLINE: AccountRule(Side.DEBIT),
    AccountKind.CASH_WECHAT: AccountRule(Side.DEBIT),
    AccountKind.CASH_ALIPAY: AccountRule(Side.DEBIT),
    AccountKind.SUPPLIER_CLAIMS: AccountRule(Side.DEBIT, owned=True),
    AccountKind.LEADER_RECEIVABLE: AccountRule(Side.DEBIT, owned=True, guarded=True),
    AccountKind.GOODS_COST: AccountRule(Side.DEBIT),
    AccountKind.COMMISSION_COST: AccountRule(Side.DEBIT),
    AccountKind.COUPON_COST: AccountRule(Side.DEBIT),
    AccountKind.DELIVERY_COST: AccountRule(Side.DEBIT),
    AccountKind.LOSS: AccountRule(Side.DEBIT),
    AccountKind.FEES: AccountRule(Side.DEBIT),
    AccountKind.ROUNDING: AccountRule(Side.DEBIT),
    AccountKind.MEMBER_PREPAYMENT: AccountRule(Side.CREDIT),
    AccountKind.MEMBER_BALANCE: AccountRule(Side.CREDIT, owned=True, guarded=True),
    AccountKind.LEADER_PENDING: AccountRule(Side.CREDIT, owned=True),
    AccountKind.LEADER_AVAILABLE: AccountRule(Side.CREDIT, owned=True, guarded=True),
    AccountKind.TAX_PAYABLE: AccountRule(Side.CREDIT),
    AccountKind.SUPPLIER_PAYABLE: AccountRule(Side.CREDIT, owned=True),
    AccountKind.REVENUE: AccountRule(Side.CREDIT),
}


class EntryKind(StrEnum):
    """What happened, in the words of the sub-ledger."""

    PAID = "paid"
    REFUNDED = "refunded"
    COLLECTED = "collected"
    SALE_REVERSED = "sale_reversed"
    COUPON_USED = "coupon_used"
    GOODS_RECEIVED = "goods_received"
    GOODS_LOST = "goods_lost"
    SUPPLIER_CLAIM = "supplier_claim"
    SUPPLIER_NETTED = "supplier_netted"
    SUPPLIER_PAID = "supplier_paid"
    COMMISSION_ACCRUED = "commission_accrued"
    COMMISSION_REDUCED = "commission_reduced"
    COMMISSION_RELEASED = "commission_released"
    COMMISSION_PAID = "commission_paid"
    TAX_WITHHELD = "tax_withheld"
    CLAWED_BACK = "clawed_back"
    CLAW_BACK_OWED = "claw_back_owed"
    CLAW_BACK_RECOVERED = "claw_back_recovered"
    DELIVERY_PAID = "delivery_paid"
    FEE = "fee"
    FEE_RETURNED = "fee_returned"


@dataclass(frozen=True, slots=True)
class EntryRule:
    """The accounts an entry moves money between; None is the cash account of the entry's provider."""

    source: AccountKind | None
    destination: AccountKind | None

    @property
    def immediate(self) -> bool:
        """Whether a guarded account is touched, so that the entry cannot wait for the batch."""
        return any(kind is not None and CHART[kind].guarded for kind in (self.source, self.destination))


_A = AccountKind
ENTRY_RULES: dict[EntryKind, EntryRule] = {
    EntryKind.PAID: EntryRule(_A.MEMBER_PREPAYMENT, None),
    EntryKind.REFUNDED: EntryRule(None, _A.MEMBER_PREPAYMENT),
    EntryKind.COLLECTED: EntryRule(_A.REVENUE, _A.MEMBER_PREPAYMENT),
    EntryKind.SALE_REVERSED: EntryRule(_A.MEMBER_PREPAYMENT, _A.REVENUE),
    EntryKind.COUPON_USED: EntryRule(_A.REVENUE, _A.COUPON_COST),
    EntryKind.GOODS_RECEIVED: EntryRule(_A.SUPPLIER_PAYABLE, _A.GOODS_COST),
    EntryKind.GOODS_LOST: EntryRule(_A.GOODS_COST, _A.LOSS),
    EntryKind.SUPPLIER_CLAIM: EntryRule(_A.GOODS_COST, _A.SUPPLIER_CLAIMS),
    EntryKind.SUPPLIER_NETTED: EntryRule(_A.SUPPLIER_CLAIMS, _A.SUPPLIER_PAYABLE),
    EntryKind.SUPPLIER_PAID: EntryRule(None, _A.SUPPLIER_PAYABLE),
    EntryKind.COMMISSION_ACCRUED: EntryRule(_A.LEADER_PENDING, _A.COMMISSION_COST),
    EntryKind.COMMISSION_REDUCED: EntryRule(_A.COMMISSION_COST, _A.LEADER_PENDING),
    EntryKind.COMMISSION_RELEASED: EntryRule(_A.LEADER_AVAILABLE, _A.LEADER_PENDING),
    EntryKind.COMMISSION_PAID: EntryRule(None, _A.LEADER_AVAILABLE),
    EntryKind.TAX_WITHHELD: EntryRule(_A.TAX_PAYABLE, _A.LEADER_AVAILABLE),
    EntryKind.CLAWED_BACK: EntryRule(_A.COMMISSION_COST, _A.LEADER_AVAILABLE),
    EntryKind.CLAW_BACK_OWED: EntryRule(_A.COMMISSION_COST, _A.LEADER_RECEIVABLE),
    EntryKind.CLAW_BACK_RECOVERED: EntryRule(_A.LEADER_RECEIVABLE, _A.LEADER_AVAILABLE),
    EntryKind.DELIVERY_PAID: EntryRule(None, _A.DELIVERY_COST),
    EntryKind.FEE: EntryRule(None, _A.FEES),
    EntryKind.FEE_RETURNED: EntryRule(_A.FEES, None),
}
IMMEDIATE: tuple[EntryKind, ...] = tuple(kind for kind, rule in ENTRY_RULES.items() if rule.immediate)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sub-ledger: fen of a kind, for a cycle and station, of a leader or supplier (0 = none).

    `ref_kind`, `ref_id` and `part` name what it came from; the same kind and origin is the same entry.
    """

    kind: EntryKind | str
    amount_fen: int
    ref_kind: str
    ref_id: int
    part: str = ""
    cycle_id: int = 0
    station_id: int = 0
    owner_id: int = 0
    provider: str = ""


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """Which account of a region: its kind, and whose it is (0 = the platform's)."""

    kind: AccountKind
    owner_id: int = 0


@dataclass(frozen=True, slots=True)
class Posting:
    """A positive amount of fen that leaves one account (credit) and arrives on another (debit)."""

    source: AccountRef
    destination: AccountRef
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account in a trial balance: total of its debits and credits in fen, and the balance on its normal side."""

    kind: str
    owner_id: int
    side: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts of a region as of an instant; the two totals are equal or the ledger is broken."""

    at: datetime
    lines: tuple[TrialLine, ...]
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two books disagree, in fen (or in pieces where `what` says so)."""

    what: str
    ref: str
    expected_fen: int
    found_fen: int


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check of a region's books found."""

    balanced: bool
    subledger_agrees: bool
    differences: tuple[Difference, ...]
    accounts: int
