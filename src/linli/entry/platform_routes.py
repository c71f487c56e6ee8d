"""Console routes of the platform itself: settings in force, and what was parked in the outbox."""

from datetime import datetime
from typing import Any

from linli.kernel.refusals import NotFound
from linli.platform import outbox, settings
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, Instant, PublicId, Remark, Short, View

console = Audience("console", "platform")
routers = [console.router]


class NothingParked(NotFound):
    """No parked row has this id."""

    title = "没有这条停放的任务"


class SettingView(View):
    """A declared setting with its value in this region now."""

    name: str
    value: Any
    default: Any
    explain: str


class NewSetting(Body):
    """A new value from an instant on (now when none is given)."""

    name: Short
    value: Any
    valid_from: Instant | None = None
    reason: Remark = ""


class ParkedView(View):
    """A fact or wish that failed too often."""

    id: PublicId
    kind: str
    name: str
    payload: dict[str, Any]
    attempts: int
    error: str
    made_at: datetime


class Released(View):
    """Whether the parked row runs again."""

    id: PublicId
    released: bool


def _setting(name: str, value: Any) -> SettingView:
    default, explain = settings.plain_default(name), settings.declared[name].explain
    return SettingView(name=name, value=value, default=default, explain=explain)


@console.get("/settings", permission="settings.manage")
async def list_settings(call: CallOf) -> list[SettingView]:
    async with call.reading() as tx:
        values = await settings.in_force(tx)
    return [
        SettingView(
            name=name, value=value, default=settings.plain_default(name), explain=settings.declared[name].explain
        )
        for name, value in values.items()
    ]


@console.put("/settings", permission="settings.manage")
async def change_setting(body: NewSetting, call: CallOf) -> SettingView:
    async def work(tx: Tx) -> SettingView:
        await settings.change(
            tx, name=body.name, value=body.value, valid_from=body.valid_from or tx.now, reason=body.reason
        )
        value = (await settings.in_force(tx))[body.name]
        return SettingView(
            name=body.name,
            value=value,
            default=settings.plain_default(body.name),
            explain=settings.declared[body.name].explain,
        )

    return await call.write(work)


@console.get("/outbox/parked", permission="outbox.manage")
async def list_parked(call: CallOf) -> list[ParkedView]:
    async with call.reading() as tx:
        return [ParkedView.model_validate(row) for row in await outbox.parked(tx)]


@console.post("/outbox/{row_id}/release", permission="outbox.manage")
async def release_parked(row_id: PublicId, call: CallOf) -> Released:
    async def work(tx: Tx) -> Released:
        if not await outbox.release(tx, row_id):
            raise NothingParked(f"no parked row {row_id}")
        return Released(id=row_id, released=True)

    return await call.write(work)
