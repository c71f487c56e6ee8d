"""Whatever is sent to any route of the description, by anybody: an answer or a problem with a code, never a crash."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from tests.stories.conftest import Place

CODE = re.compile(r"[a-z][a-z0-9_]{2,60}")
ROLES = {
    "app": "member", "leader": "leader", "supplier": "supplier", "driver": "driver",
    "warehouse": "warehouse_worker", "console": "administrator", "hooks": "anonymous",
}  # fmt: skip
SEED = 20_261_123


@dataclass
class Sent:
    """What was sent in one run, and what was wrong with the answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()


def operations(place: Place, audience: str) -> Iterator[Any]:
    """Yield the operations of an audience ("" for all) as the application's own description lists them."""
    schema = schemathesis.openapi.from_dict(place.app.openapi())
    for found in schema.get_all_operations():
        operation = cast(Any, found).ok()
        if operation.path.startswith(f"/{audience}"):
            yield operation


def drawn(operation: Any, mode: GenerationMode, number: int) -> list[Case[Any]]:
    """Return cases of one operation, always the same ones: within the description, or outside of it."""
    cases: list[Case[Any]] = []

    @seed(SEED)
    @settings(
        max_examples=number, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case[Any]) -> None:
        cases.append(case)

    with suppress(Unsatisfiable):  # a route that takes no input cannot be given a wrong one
        collect()
    return cases


def lent(value: Any, ids: dict[str, str], dice: random.Random, name: str = "") -> Any:
    """Put ids of things that exist where ids are asked for, so that requests get beyond the first check."""
    if isinstance(value, dict):
        return {key: lent(inner, ids, dice, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [lent(inner, ids, dice, name.removesuffix("s")) for inner in value]
    if name.endswith("_id") and dice.random() < 0.7:
        stem = name.removesuffix("_id")
        fitting = [number for key, number in ids.items() if stem in key]
        return dice.choice(fitting or list(ids.values())) if dice.random() < 0.9 else dice.choice(list(ids.values()))
    return value


async def send(place: Place, role: str, case: Case[Any], dice: random.Random) -> httpx2.Response:
    """Send one case as somebody."""
    ids = place.town.ids
    case.path_parameters = lent(dict(case.path_parameters or {}), ids, dice)
    case.query = lent(dict(case.query or {}), ids, dice)
    if isinstance(case.body, dict | list):
        case.body = lent(case.body, ids, dice)
    request = case.as_transport_kwargs(base_url="http://linli.test")
    given_headers = {name: value for name, value in dict(request["headers"]).items() if name != "User-Agent"}
    key = {"Idempotency-Key": f"case-{dice.getrandbits(80):x}"}
    headers = given_headers | key | place.town.headers(role)
    content = {"content": request["data"]} if request.get("data") is not None else {}
    if "json" in request:
        content = {"json": request["json"]}
    params = request.get("params") or None
    return await place.client.request(request["method"], request["url"], headers=headers, params=params, **content)


def fault(answer: httpx2.Response) -> str:
    """Return what is wrong with an answer, "" when it is a success or a proper problem."""
    if answer.status_code < 400:
        return ""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} is no problem: {answer.headers.get('content-type')}"
    body = answer.json()
    if not CODE.fullmatch(str(body.get("code"))) or body["status"] != answer.status_code or not body.get("title"):
        return f"{answer.status_code} without a proper code: {answer.text[:200]}"
    return ""


async def flood(place: Place, role: str, audience: str, number: int) -> Sent:
    """Send `number` good and `number` bad cases to every operation of an audience and note what was wrong."""
    sent, dice = Sent(), random.Random(SEED)
    for operation in operations(place, audience):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in drawn(operation, mode, number):
                with structlog.testing.capture_logs() as logs:
                    answer = await send(place, role, case, dice)
                sent.statuses[answer.status_code] += 1
                if trouble := fault(answer):
                    bugs = [repr(line.get("exc_info", line.get("error"))) for line in logs]
                    where = f"{operation.method.upper()} {operation.path} {trouble} {bugs and bugs[-1][:90]}"
                    sent.wrong.setdefault(where, f"{answer.request.url} {answer.request.content[:400]!r} {bugs}")
    return sent


@pytest.mark.rule("S9")
@pytest.mark.parametrize("audience", list(ROLES))
async def test_whatever_is_sent_by_somebody_signed_in_is_answered(place: Place, audience: str) -> None:
    sent = await flood(place, ROLES[audience], audience, 3)
    assert sent.wrong == {}
    assert sent.cases >= 3


@pytest.mark.rule("S9")
async def test_whatever_is_sent_by_nobody_is_answered(place: Place) -> None:
    sent = await flood(place, "anonymous", "", 1)
    assert sent.wrong == {}
    assert not {200, 201, 204} & {status for status in sent.statuses if sent.statuses[status] > sent.cases // 2}


@pytest.mark.long
@pytest.mark.rule("S9")
async def test_ten_thousand_requests_and_no_server_error(place: Place) -> None:
    runs = [await flood(place, role, audience, 32) for audience, role in ROLES.items()]
    runs.append(await flood(place, "anonymous", "", 8))
    assert {where: what for run in runs for where, what in run.wrong.items()} == {}
    assert sum(run.cases for run in runs) >= 10_000
