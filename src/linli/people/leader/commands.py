"""Adding leaders, moving them through their life with the platform, and the helpers they give access to."""

from __future__ import annotations

from linli.kernel.refusals import BadInput, Conflict
from linli.people.access.commands import grant_role, withdraw_role
from linli.people.account.commands import end_sessions
from linli.people.leader import store
from linli.people.leader.model import LEADER, LOCKED_OUT, LeaderState, Level
from linli.people.leader.queries import NoSuchLeader, leader
from linli.people.leader.records import LeaderRow
from linli.platform.database import Tx
from linli.platform.machines import move


class AlreadyLeader(Conflict):
    """The account leads in this region already."""

    title = "该账号已是本区域团长"


class NoSuchVerb(BadInput):
    """A leader cannot be moved by this word; facts: verbs."""

    title = "不支持该操作"


async def add_leader(tx: Tx, *, account_id: int, name: str, phone_tail: str, level: Level, trial: bool = False) -> int:
    """Make an account a leader of the region (on trial when asked for) and return the leader's id.

    Refuses AlreadyLeader.
    """
    leader_id = await tx.new_id()
    begins = LeaderState.trial if trial else LeaderState.active
    row = {"id": leader_id, "account_id": account_id, "name": name, "phone_tail": phone_tail}
    if not await store.add_leader(tx, {**row, "level": str(level), "state": str(begins)}):
        raise AlreadyLeader("this account leads in this region already")
    await _let_in(tx, leader_id, account_id, name)
    return leader_id


async def change_standing(tx: Tx, *, leader_id: int, verb: str, reason: str) -> list[int]:
    """Move a leader by a verb (activate, rest, come_back, suspend, reinstate, leave); returns the sessions this ended.

    Who is suspended or has left is signed out at once, helpers too. Refuses NoSuchVerb, NoSuchLeader and WrongState.
    """
    if verb not in LEADER.moves:
        raise NoSuchVerb(f"a leader cannot {verb}", verbs=sorted(LEADER.moves))
    before = await leader(tx, leader_id)
    if not await move(tx, LeaderRow, LEADER, verb, key={"id": leader_id}, reason=reason):
        return []
    if LEADER.target(verb) not in LOCKED_OUT:
        await _let_in(tx, leader_id, before.account_id, before.name)
        return []
    ended: list[int] = []
    for role in ("leader", "helper"):
        for account_id in await withdraw_role(tx, role=role, scope=tx.region_id, person_id=leader_id):
            ended += await end_sessions(tx, account_id=account_id, audience="leader")
    return ended


async def change_level(tx: Tx, *, leader_id: int, level: Level) -> None:
    """Set a leader's level; refuses NoSuchLeader."""
    if not await store.set_level(tx, leader_id, str(level)):
        raise NoSuchLeader(f"no leader {leader_id}")


async def add_helper(tx: Tx, *, leader_id: int, account_id: int, name: str) -> None:
    """Let an account help a leader at the station; twice is once."""
    await grant_role(tx, account_id=account_id, role="helper", scope=tx.region_id, person_id=leader_id, label=name)


async def remove_helper(tx: Tx, *, leader_id: int, account_id: int) -> list[int]:
    """Take a helper's access to a leader's station; returns the sessions this ended."""
    lost = await withdraw_role(tx, role="helper", scope=tx.region_id, account_id=account_id, person_id=leader_id)
    return await end_sessions(tx, account_id=account_id, audience="leader") if lost else []


async def _let_in(tx: Tx, leader_id: int, account_id: int, name: str) -> None:
    await grant_role(tx, account_id=account_id, role="leader", scope=tx.region_id, person_id=leader_id, label=name)
