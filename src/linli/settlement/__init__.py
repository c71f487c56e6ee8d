"""Settlement: what leaders earn, why, and when it becomes theirs."""

from linli.settlement.commission.commands import accrue, reduce, set_rule
from linli.settlement.commission.queries import lines_of_leader, pending_of
from linli.settlement.statement.commands import make_statements
from linli.settlement.statement.events import StatementMade
from linli.settlement.statement.queries import statements

__all__ = [
    "StatementMade",
    "accrue",
    "lines_of_leader",
    "make_statements",
    "pending_of",
    "reduce",
    "set_rule",
    "statements",
]
