"""After-sale: what was wrong with collected goods is said, looked into, decided and made good."""

from linli.aftersale.case.commands import answer_case, escalate, open_case, rate
from linli.aftersale.case.events import CaseAnswered, CaseEscalated, CaseOpened
from linli.aftersale.case.model import KIND_WORDS, CaseState, CaseValue, Kind
from linli.aftersale.case.queries import Wanted, case, cases
from linli.aftersale.remedy.commands import agree, decide, finish_refunded, refund_small, verify
from linli.aftersale.remedy.events import CaseDecided, CaseDone
from linli.aftersale.remedy.model import Liability, Outcome

__all__ = [
    "KIND_WORDS",
    "CaseAnswered",
    "CaseDecided",
    "CaseDone",
    "CaseEscalated",
    "CaseOpened",
    "CaseState",
    "CaseValue",
    "Kind",
    "Liability",
    "Outcome",
    "Wanted",
    "agree",
    "answer_case",
    "case",
    "cases",
    "decide",
    "escalate",
    "finish_refunded",
    "open_case",
    "rate",
    "refund_small",
    "verify",
]
