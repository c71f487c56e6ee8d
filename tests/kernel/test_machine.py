"""A state changes only by a declared move; a repeated message is quiet, a contradicting one is loud."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.machine import Machine, Move, WrongState, draw


class Parcel(StrEnum):
    """A small life to try machines on."""

    PACKED = "packed"
    SENT = "sent"
    HANDED_OUT = "handed_out"
    LOST = "lost"
    FORGOTTEN = "forgotten"


PARCEL = Machine(
    "parcel",
    Parcel.PACKED,
    {
        "send": ((Parcel.PACKED,), Parcel.SENT),
        "hand_out": ((Parcel.SENT,), Parcel.HANDED_OUT),
        "lose": ((Parcel.PACKED, Parcel.SENT), Parcel.LOST),
    },
    final=(Parcel.HANDED_OUT, Parcel.LOST),
)

ORIGINS = st.lists(st.sampled_from(Parcel), min_size=1, unique=True).map(tuple)
ROWS = st.tuples(ORIGINS, st.sampled_from(Parcel)).filter(lambda row: row[1] not in row[0])
MACHINES = st.builds(
    lambda initial, moves: Machine("any", initial, moves),
    st.sampled_from(Parcel),
    st.dictionaries(st.sampled_from("abcdef"), ROWS),
)


@given(MACHINES, st.sampled_from(Parcel))
def test_every_state_and_verb_is_moved_quiet_or_refused(machine: Machine[Parcel], state: Parcel) -> None:
    for verb, (origins, target) in machine.moves.items():
        assert (machine.origins(verb), machine.target(verb)) == (origins, target)
        if state in origins:
            assert machine.check(state, verb) == Move(target)
        elif state == target:
            assert machine.check(state, verb) == Move(target, quiet=True)
        else:
            with pytest.raises(WrongState) as refused:
                machine.check(state, verb)
            assert refused.value.facts == {"machine": "any", "state": str(state), "verb": verb}


@given(MACHINES, st.sampled_from(Parcel))
def test_a_message_that_comes_twice_moves_once(machine: Machine[Parcel], state: Parcel) -> None:
    for verb, (origins, _) in machine.moves.items():
        if state in origins:
            assert machine.check(machine.check(state, verb).target, verb).quiet


@given(MACHINES, st.lists(st.sampled_from("abcdef"), max_size=12))
def test_no_walk_ever_arrives_at_an_unreachable_state(machine: Machine[Parcel], verbs: list[str]) -> None:
    state = machine.initial
    for verb in verbs:
        if verb in machine.moves and state in machine.origins(verb):
            state = machine.check(state, verb).target
        assert state not in machine.unreachable()


@given(MACHINES)
def test_every_other_state_has_a_way_in_from_one_that_is_reached(machine: Machine[Parcel]) -> None:
    reached = set(Parcel) - set(machine.unreachable()) - {machine.initial}
    ways_in = {target for origins, target in machine.moves.values() if not set(origins) <= set(machine.unreachable())}
    assert reached == ways_in - {machine.initial}


def test_a_forgotten_state_is_seen() -> None:
    assert PARCEL.unreachable() == (Parcel.FORGOTTEN,)


def test_an_unknown_verb_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(KeyError):
        PARCEL.check(Parcel.PACKED, "eat")


@pytest.mark.parametrize(
    ("moves", "final"),
    [
        ({"send": ((), Parcel.SENT)}, ()),
        ({"send": ((Parcel.SENT,), Parcel.SENT)}, ()),
        ({"send": ((Parcel.LOST,), Parcel.SENT)}, (Parcel.LOST,)),
    ],
)
def test_a_table_that_contradicts_itself_is_not_built(
    moves: dict[str, tuple[tuple[Parcel, ...], Parcel]], final: tuple[Parcel, ...]
) -> None:
    with pytest.raises(ValueError):
        Machine("broken", Parcel.PACKED, moves, final)


def test_the_drawing_shows_table_and_diagram() -> None:
    assert draw([PARCEL]) == (
        "# State machines\n\n## parcel\n\n| verb | from | to |\n|---|---|---|\n| send | packed | sent |\n"
        "| hand_out | sent | handed_out |\n| lose | packed, sent | lost |\n\n```mermaid\nstateDiagram-v2\n"
        "    [*] --> packed\n    packed --> sent: send\n    sent --> handed_out: hand_out\n"
        "    packed --> lost: lose\n    sent --> lost: lose\n    handed_out --> [*]\n    lost --> [*]\n```\n"
    )
