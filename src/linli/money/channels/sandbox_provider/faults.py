"""The provider's bad days: faults drawn from a seed by what they strike, so that order and restarts do not matter."""

import hashlib
from dataclasses import dataclass, fields
from datetime import timedelta

WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong, in basis points (10,000 = always).

    `double`: a notice comes twice. `late`: it comes up to `late_at_most` later. `out_of_order`: it waits until a later
    notice came, ten minutes at most. `wrong_amount`: it names another amount than was paid. `lost_answer`: the
    provider did as asked, but its answer never arrives. `refuse_refund`: no to this attempt, the same number may be
    tried again. `fail_refund`: accepted first, failed in the end. `slow_refund`: takes hours, `slow_at_most` at most.
    """

    seed: int = 0
    double: int = 0
    late: int = 0
    out_of_order: int = 0
    wrong_amount: int = 0
    lost_answer: int = 0
    refuse_refund: int = 0
    fail_refund: int = 0
    slow_refund: int = 0
    late_at_most: timedelta = timedelta(hours=2)
    slow_at_most: timedelta = timedelta(hours=72)

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if field.name == "seed" or isinstance(rate, timedelta):
                continue
            if type(rate) is not int or not 0 <= rate <= WHOLE_BP:
                raise ValueError(f"{field.name} is a rate in basis points, 0 to {WHOLE_BP}, not {rate!r}")

    def strikes(self, kind: str, what: str) -> bool:
        """Whether the fault `kind` strikes the thing named `what`."""
        rate: int = getattr(self, kind)
        return rate > 0 and self._draw(kind, what) % WHOLE_BP < rate

    def delay(self, kind: str, what: str, at_most: timedelta) -> timedelta:
        """How long the struck thing takes: whole seconds, from one second to `at_most`."""
        return timedelta(seconds=1 + self._draw(f"{kind} delay", what) % max(1, int(at_most.total_seconds())))

    def _draw(self, kind: str, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}|{kind}|{what}".encode()).digest()[:8])


NO_FAULTS = Faults()
