"""State machines as tables verb → (origins, target): a repeated message is quiet, a contradicting one is loud."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from linli.kernel.refusals import Conflict

S = TypeVar("S", bound=StrEnum)


class WrongState(Conflict):
    """The thing is in a state from which this cannot be done; facts: machine, state, verb."""


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    """Where a verb leads; quiet when the thing stands there already, so that nothing is to be done."""

    target: S
    quiet: bool = False


@dataclass(frozen=True, eq=False)
class Machine(Generic[S]):
    """The declared life of one kind of thing: where it begins, which verbs move it, where it ends.

    ValueError where the table contradicts itself: a verb without origins, a verb that leads where it starts,
    a final state that can be left.
    """

    name: str
    initial: S
    moves: Mapping[str, tuple[tuple[S, ...], S]]
    final: tuple[S, ...] = ()

    def __post_init__(self) -> None:
        for verb, (origins, target) in self.moves.items():
            if not origins:
                raise ValueError(f"{self.name}: {verb} has no origin")
            if target in origins:
                raise ValueError(f"{self.name}: {verb} leads from {target} to itself, which is no move")
            for left in set(origins) & set(self.final):
                raise ValueError(f"{self.name}: {left} is final, yet {verb} leaves it")

    def target(self, verb: str) -> S:
        """Return the state this verb leads to; KeyError for a verb the machine does not know."""
        return self.moves[verb][1]

    def origins(self, verb: str) -> tuple[S, ...]:
        """Return the states this verb may start from; KeyError for a verb the machine does not know."""
        return self.moves[verb][0]

    def check(self, state: S, verb: str) -> Move[S]:
        """Return the move of this verb from a state, quiet when it is done already; refuses WrongState."""
        origins, target = self.moves[verb]
        if state == target:
            return Move(target, quiet=True)
        if state not in origins:
            raise WrongState(f"{self.name} is {state}: cannot {verb}", machine=self.name, state=str(state), verb=verb)
        return Move(target)

    def states(self) -> tuple[S, ...]:
        """Return every state that is declared, in declared order."""
        return tuple(type(self.initial))

    def unreachable(self) -> tuple[S, ...]:
        """Return the declared states that no sequence of moves from the initial one arrives at."""
        reached = {self.initial}
        while new := {
            target for origins, target in self.moves.values() if target not in reached and reached & set(origins)
        }:
            reached |= new
        return tuple(state for state in self.states() if state not in reached)


def draw(machines: Iterable[Machine[Any]]) -> str:
    """Render machines as Markdown, each with a table of its moves and a mermaid state diagram."""
    return "\n".join(["# State machines", *(line for machine in machines for line in _drawn(machine))]) + "\n"


def _drawn(machine: Machine[Any]) -> Iterator[str]:
    yield from ("", f"## {machine.name}", "", "| verb | from | to |", "|---|---|---|")
    for verb, (origins, target) in machine.moves.items():
        yield f"| {verb} | {', '.join(origins)} | {target} |"
    yield from ("", "```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}")
    for verb, (origins, target) in machine.moves.items():
        yield from (f"    {origin} --> {target}: {verb}" for origin in origins)
    yield from (f"    {state} --> [*]" for state in machine.final)
    yield "```"
