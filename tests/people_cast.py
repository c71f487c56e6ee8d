"""The cast: everybody a test needs, each in one line, all made and signed in through the public API."""

from __future__ import annotations

import asyncio
import itertools
import json as jsonlib
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

import linli.people
from linli.platform.database import Tx
from linli.platform.installation import Installation

PASSWORD = "Nine-lives-of-a-cat"
CODE = re.compile(r"验证码 (\d{6})")
CHANGSHA = (28_228_200, 112_938_800)
phones = itertools.count(1)
logins = itertools.count(1)


@dataclass
class Session:
    """The tokens of somebody; several people objects may share them, the newest counts."""

    audience: str
    access: str
    refresh: str
    who: dict[str, Any]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Person:
    """Somebody signed in: calls the API as they would, with a fresh Idempotency-Key for every write."""

    id: int
    name: str
    client: httpx2.AsyncClient
    session: Session
    region_id: int
    phone: str = ""
    station_id: int = 0

    @property
    def token(self) -> str:
        """The present access token."""
        return self.session.access

    @property
    def account_id(self) -> int:
        """The account behind the person."""
        return int(self.session.who["account_id"])

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """Read."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, *, key: str = "", **options: Any) -> httpx2.Response:
        """Write; give a `key` to send the same request twice."""
        return await self.call("POST", path, json=json, key=key, **options)

    async def put(self, path: str, json: Any = None, *, key: str = "", **options: Any) -> httpx2.Response:
        """Replace."""
        return await self.call("PUT", path, json=json, key=key, **options)

    async def delete(self, path: str, *, key: str = "", **options: Any) -> httpx2.Response:
        """Remove."""
        return await self.call("DELETE", path, key=key, **options)

    async def call(self, method: str, path: str, *, key: str = "", **options: Any) -> httpx2.Response:
        """Send one request; when the token has run out, refresh the session once and send it again."""
        given = options.pop("headers", {})
        if options.get("json", ...) is None:
            del options["json"]
        headers = {"Idempotency-Key": key or uuid4().hex} if method != "GET" else {}
        if self.session.who["region_id"] == 0:
            headers["Linli-Region"] = str(self.region_id)
        used = self.session.access
        answer = await self._send(method, path, headers | given, options)
        if answer.status_code == 401 and answer.json().get("reason") == "expired":
            await self._refresh(used)
            answer = await self._send(method, path, headers | given, options)
        return answer

    async def _send(self, method: str, path: str, headers: dict[str, str], options: Any) -> httpx2.Response:
        authorized = {"Authorization": f"Bearer {self.session.access}"} | headers
        return await self.client.request(method, path, headers=authorized, **options)

    async def _refresh(self, used: str) -> None:
        async with self.session.lock:
            if self.session.access != used:
                return
            path = f"/{self.session.audience}/sessions/refresh"
            answer = await self.client.post(path, json={"refresh": self.session.refresh})
            if answer.status_code == 200:
                self.session.access, self.session.refresh = answer.json()["access"], answer.json()["refresh"]


class Cast:
    """Makes people in one region.

    Head office staff are made once per installation, since passwords are slow by design.
    """

    def __init__(self, client: httpx2.AsyncClient, installation: Installation, region_id: int) -> None:
        self.client = client
        self.installation = installation
        self.region_id = region_id
        self.sms = SmsLog(installation)
        self._community = 0
        self._leaders: list[Person] = []
        self._office: dict[str, Session] = vars(installation).setdefault("_cast_office", {})

    async def administrator(self) -> Person:
        """The head office's administrator, who came by a one-time token."""
        if "administrator" not in self._office:

            async def invite(tx: Tx) -> str:
                return await linli.people.invite_administrator(tx)

            token = await self.installation.db.run(invite, 0, by="test")
            login = f"administrator{next(logins)}"
            body = {"token": token, "login": login, "password": PASSWORD}
            await self._public("/console/first-administrator", body)
            self._office["administrator"] = await self._log_in("console", login)
        return self._person("管理员", self._office["administrator"])

    async def operator(self, *, regional: bool = False) -> Person:
        """运营, of head office or of this region only."""
        return await self._console("operator", regional)

    async def buyer(self, *, regional: bool = False) -> Person:
        """采购."""
        return await self._console("buyer", regional)

    async def finance(self, *, regional: bool = False) -> Person:
        """财务."""
        return await self._console("finance", regional)

    async def customer_service(self, *, regional: bool = False) -> Person:
        """客服."""
        return await self._console("customer_service", regional)

    async def warehouse_lead(self, *, regional: bool = False) -> Person:
        """仓管."""
        return await self._console("warehouse_lead", regional)

    async def warehouse_worker(self) -> Person:
        """仓库员 of this region."""
        return self._person("仓库员", await self._hire("warehouse_worker", "warehouse", self.region_id))

    async def driver(self) -> Person:
        """司机 of this region."""
        return self._person("司机", await self._hire("driver", "driver", self.region_id))

    async def supplier(self, supplier_id: int) -> Person:
        """Somebody who works for a supplier, in this region."""
        session = await self._hire("supplier", "supplier", self.region_id, person_id=str(supplier_id))
        return self._person("供应商", session)

    async def leader(self, name: str = "王姐", station: str = "") -> Person:
        """团长 with a station of that name (「王姐的店」 when none is given) in the community 春天里."""
        operator, phone = await self.operator(), new_phone()
        made = await operator.post("/console/leaders", {"name": name, "phone": phone})
        opened = await operator.post(
            "/console/stations",
            {
                "community_id": str(await self.community()),
                "leader_id": done(made)["id"],
                "name": station or f"{name}的店",
            },
        )
        person = self._person(name, await self._sign_in("leader", phone, {}), phone)
        person.station_id = int(done(opened)["id"])
        self._leaders.append(person)
        return person

    async def member(self, name: str = "李阿姨", station: Person | int | None = None) -> Person:
        """会员 at a station (a leader's, or by id; the first leader's when there is one)."""
        return (await self.members([name], station))[0]

    async def members(self, names: list[str], station: Person | int | None = None) -> list[Person]:
        """Several members at once, at the same station."""
        where = station or (self._leaders[0] if self._leaders else 0)
        station_id = where.station_id if isinstance(where, Person) else where
        bound = {"station_id": str(station_id)} if station_id else {}
        numbers = [new_phone() for _ in names]
        codes = await self.codes(numbers)
        people = []
        for name, phone in zip(names, numbers, strict=True):
            body = {"phone": phone, "code": codes[phone], "region": self.region_id, "nickname": name, **bound}
            session = session_of("app", await self._public("/app/sessions", body))
            person = self._person(name, session, phone)
            person.station_id = station_id
            people.append(person)
        return people

    async def community(self) -> int:
        """The community 春天里 of this region."""
        if not self._community:
            lat_e6, lng_e6 = CHANGSHA
            body = {"name": "春天里", "address": "芙蓉区", "lat_e6": lat_e6, "lng_e6": lng_e6, "households": 1200}
            self._community = int(done(await (await self.operator()).post("/console/communities", body))["id"])
        return self._community

    async def codes(self, numbers: list[str], audience: str = "app") -> dict[str, str]:
        """Ask for codes, let the jobs send them, and read them where the phones would."""
        for phone in numbers:
            await self._public(f"/{audience}/codes", {"phone": phone})
        await self.installation.runner.drain(regions=[0])
        return {phone: self.sms.code(phone) for phone in numbers}

    async def _console(self, role: str, regional: bool) -> Person:
        if regional:
            return self._person(role, await self._hire(role, "console", self.region_id))
        if role not in self._office:
            self._office[role] = await self._hire(role, "console", 0)
        return self._person(role, self._office[role])

    async def _hire(self, role: str, audience: str, region: int, **given: str) -> Session:
        login = f"{role}{next(logins)}"
        body = {"login": login, "password": PASSWORD, "role": role, "region": region, **given}
        done(await (await self.administrator()).post("/console/staff", body))
        return await self._log_in(audience, login)

    async def _log_in(self, audience: str, login: str) -> Session:
        return session_of(audience, await self._public(f"/{audience}/sessions", {"login": login, "password": PASSWORD}))

    async def _sign_in(self, audience: str, phone: str, more: dict[str, Any]) -> Session:
        code = (await self.codes([phone], audience))[phone]
        return session_of(audience, await self._public(f"/{audience}/sessions", {"phone": phone, "code": code, **more}))

    async def _public(self, path: str, body: dict[str, Any]) -> Any:
        return done(await self.client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex}))

    def _person(self, name: str, session: Session, phone: str = "") -> Person:
        number = int(session.who["person_id"]) or int(session.who["account_id"])
        return Person(number, name, self.client, session, self.region_id, phone)


class SmsLog:
    """Reads the file into which a development installation writes text messages, from where it was left."""

    def __init__(self, installation: Installation) -> None:
        self._path = installation.config.home / "sms.log"
        self._offset = self._path.stat().st_size if self._path.exists() else 0
        self._texts: dict[str, str] = {}

    def code(self, phone: str) -> str:
        """Return the newest code that was sent to a phone."""
        with self._path.open("rb") as opened:
            opened.seek(self._offset)
            for line in opened:
                sent = jsonlib.loads(line)
                self._texts[sent["to"]] = sent["text"]
            self._offset = opened.tell()
        found = CODE.search(self._texts[phone])
        assert found is not None
        return found[1]


def new_phone() -> str:
    """Return a mobile number that nobody in this run has."""
    return f"139{next(phones):08d}"


def session_of(audience: str, answer: dict[str, Any]) -> Session:
    """Return the session in an answer to a sign-in."""
    return Session(audience, answer["access"], answer["refresh"], answer["who"])


def done(answer: httpx2.Response) -> Any:
    """Return the body of an answer that must be a success."""
    assert answer.status_code < 300, (
        f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
    )
    return answer.json()
