"""Differences between a provider's bill and our books, and how each is brought to an end."""

from enum import StrEnum

from linli.kernel.machine import Machine


class Cause(StrEnum):
    """In what the two differ; `missing_here` stands in the bill only, `missing_there` in our books only."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    FEE = "fee"
    STATE = "state"


class DifferenceState(StrEnum):
    """Where the work on a difference stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    SETTLED = "settled"


_S = DifferenceState
DIFFERENCE: Machine[DifferenceState] = Machine(
    "bill_difference",
    DifferenceState.OPEN,
    {
        "explain": ((_S.OPEN,), _S.EXPLAINED),
        "settle": ((_S.OPEN, _S.EXPLAINED), _S.SETTLED),
    },
    final=(_S.SETTLED,),
)
