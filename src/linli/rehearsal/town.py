"""The town of a rehearsal: a region with its clock, staff of every role, leaders with stations, goods and members."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from linli.rehearsal.catalogue import Catalogue, Good, fill_catalogue, rows
from linli.rehearsal.names import Names
from linli.rehearsal.persons import Json, Person
from linli.rehearsal.preset import Preset
from linli.rehearsal.world import World

WAREHOUSE = (30_650_000, 114_240_000)
CENTRE = (30_622_000, 114_300_000)
BLOCK_LAT, BLOCK_LNG, BLOCKS = 4_500, 5_200, 12  # about 500 m in Wuhan
STAFF = {
    "operator": "console", "buyer": "console", "customer_service": "console", "finance": "console",
    "warehouse_lead": "console", "warehouse_worker": "warehouse",
}  # fmt: skip


@dataclass
class Station:
    """A station, and the leader who runs it."""

    id: str
    name: str
    leader: Person


@dataclass
class Member:
    """A member and the station they belong to."""

    person: Person
    station: Station
    phone: str


@dataclass
class Town:
    """Everybody and everything of one region."""

    preset: Preset
    region: int
    staff: dict[str, Person]
    catalogue: Catalogue
    goods: tuple[Good, ...]
    stations: list[Station] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    drivers: list[Person] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    log_ins: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Country:
    """What all towns of an installation share: head office and the catalogue."""

    administrator: Person
    buyer: Person
    catalogue: Catalogue
    names: Names
    log_ins: dict[str, tuple[str, str]]
    password: str


async def found_country(world: World, invitation: str, password: str = "") -> Country:
    """Make the first administrator by the one-time token, hire the head buyer and fill the catalogue."""
    password = password or f"Aa-{sha256(f'password-{world.seed}'.encode()).hexdigest()[:12]}"
    log_ins = {"admin": ("administrator", password)}
    await world.person("console").post(
        "/console/first-administrator", {"token": invitation, "login": "admin", "password": password}
    )
    administrator = await world.sign_in_with_password(world.person("console", "管理员"), "admin", password)
    buyer = await _hire(world, administrator, "head-buyer", password, "buyer", 0, log_ins)
    return Country(administrator, buyer, await fill_catalogue(buyer), Names(world.seed), log_ins, password)


async def found_town(world: World, country: Country, preset: Preset) -> Town:
    """Open the preset's region with its clock, settings, staff and stations; nobody lives there yet."""
    size, chief = preset.town, country.administrator
    region = {"number": size.region, "name": size.region_name, "clock": preset.clock}
    await chief.post("/console/regions", region)
    chief.region = size.region
    for name, value in preset.settings.items():
        await chief.put("/console/settings", {"name": name, "value": value, "reason": preset.title})
    town = Town(
        preset, size.region, {"administrator": chief}, country.catalogue, country.catalogue.first(size.products)
    )

    async def hire(role: str) -> Person:
        login = f"{role.replace('_', '-')}-{size.region}"
        return await _hire(world, chief, login, country.password, role, size.region, town.log_ins)

    town.staff |= dict(zip(STAFF, await world.each(list(STAFF), hire), strict=True))
    await _open_stations(world, country, town)
    await _buy_vans(world, country, town)
    return town


async def people_move_in(world: World, country: Country, town: Town, count: int) -> list[Member]:
    """Let `count` members sign up by phone at the stations in turn; returns them."""
    phones = [country.names.phone() for _ in range(count)]
    called = [(country.names.nickname(), country.names.place()) for _ in range(count)]
    await world.ask_codes(phones)
    start = len(town.members)

    async def join(number: int) -> Member:
        station, (nickname, place) = town.stations[(start + number) % len(town.stations)], called[number]
        person = world.person("app", nickname)
        body = {
            "phone": phones[number], "code": world.code(phones[number]), "region": town.region,
            "station_id": station.id, "nickname": f"{nickname} {place}",
        }  # fmt: skip
        return Member(person.take(await person.post("/app/sessions", body)), station, phones[number])

    joined = await world.each(range(count), join)
    town.members.extend(joined)
    await world.step()
    return joined


async def _hire(
    world: World, chief: Person, login: str, password: str, role: str, region: int, log_ins: dict[str, tuple[str, str]]
) -> Person:
    body = {"login": login, "password": password, "role": role, "region": region}
    await chief.post("/console/staff", body)
    log_ins[login] = (role, password)
    audience = {**STAFF, "driver": "driver"}[role]
    person = world.person(audience, role)
    return await world.sign_in_with_password(person, login, password)


async def _open_stations(world: World, country: Country, town: Town) -> None:
    operator, size = town.staff["operator"], town.preset.town
    places = random.Random(f"grid-{world.seed}-{town.region}")
    compounds = list(rows("communities.csv"))
    blocks = places.sample([(i, j) for i in range(BLOCKS) for j in range(BLOCKS)], size.stations)
    leaders = [(country.names.full(), country.names.phone()) for _ in blocks]
    opened: list[Json] = []
    for (i, j), (name, phone), compound in zip(blocks, leaders, places.sample(compounds, size.stations), strict=True):
        lat = CENTRE[0] + (i - BLOCKS // 2) * BLOCK_LAT + places.randrange(-400, 400)
        lng = CENTRE[1] + (j - BLOCKS // 2) * BLOCK_LNG + places.randrange(-400, 400)
        community = {
            "name": compound["name"], "address": f"{compound['district']}{compound['street']}", "lat_e6": lat,
            "lng_e6": lng, "households": places.randrange(300, 2_500),
        }  # fmt: skip
        community_id = (await operator.post("/console/communities", community))["id"]
        person = {"name": name, "phone": phone, "level": size.leader_level}
        leader_id = (await operator.post("/console/leaders", person))["id"]
        station: dict[str, Any] = {
            "community_id": community_id, "leader_id": leader_id, "name": f"{compound['name']}自提点",
            "address": community["address"], "mode": "self_collect" if size.self_collect else "delivery",
        }  # fmt: skip
        opened.append(await operator.post("/console/stations", station))
    await world.ask_codes([phone for _, phone in leaders], "leader")
    town.log_ins[leaders[0][1]] = ("leader", "code by text message")
    for station, (name, phone) in zip(opened, leaders, strict=True):
        leader = world.person("leader", name)
        body = {"phone": phone, "code": world.code(phone), "region": town.region}
        leader.take(await leader.post("/leader/sessions", body))
        town.stations.append(Station(station["id"], station["name"], leader))


async def _buy_vans(world: World, country: Country, town: Town) -> None:
    operator, chief = town.staff["operator"], country.administrator

    async def add_van(number: int) -> None:
        login = f"driver-{number}-{town.region}"
        driver = await _hire(world, chief, login, country.password, "driver", town.region, town.log_ins)
        van = {
            "plate": f"鄂A·L{number:04d}", "capacity_g": 1_200_000, "capacity_ml": 6_000_000, "chilled": True,
            "driver_account_id": str(driver.account),
        }  # fmt: skip
        town.vehicles.append((await operator.post("/console/vehicles", van))["id"])
        town.drivers.append(driver)

    await world.each(range(1, town.preset.town.vehicles + 1), add_van)


def local(instant: str) -> datetime:
    """Return the instant of an answer."""
    return datetime.fromisoformat(instant)
