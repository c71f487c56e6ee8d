"""Routes of vehicles for operators."""

from typing import Annotated

from pydantic import Field

from linli.fulfilment.fleet import commands, queries
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View

console = Audience("console", "fleet")
routers = [console.router]
Grams = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]
Minute = Annotated[int, Field(ge=0, le=1_440, strict=True)]


class NewVehicle(Body):
    """A vehicle: grams and millilitres it carries, shift in minutes since midnight of the region."""

    plate: Short
    capacity_g: Grams
    capacity_ml: Grams
    chilled: bool = False
    driver_account_id: PublicId = 0
    shift_from: Minute = 13 * 60
    shift_until: Minute = 20 * 60


class VehicleView(View):
    """A vehicle."""

    id: PublicId
    plate: str
    capacity_g: int
    capacity_ml: int
    chilled: bool
    driver_id: PublicId
    shift_from: int
    shift_until: int
    active: bool


@console.post("/vehicles", permission="route.manage")
async def add_vehicle(body: NewVehicle, call: CallOf) -> VehicleView:
    given = body.model_dump(exclude={"driver_account_id"})

    async def work(tx: Tx) -> VehicleView:
        made = await commands.add_vehicle(tx, driver_id=body.driver_account_id, **given)
        return VehicleView.model_validate(made)

    return await call.write(work)


@console.get("/vehicles", permission="route.manage")
async def list_vehicles(call: CallOf) -> list[VehicleView]:
    async with call.reading() as tx:
        return [VehicleView.model_validate(found) for found in await queries.vehicles(tx)]
