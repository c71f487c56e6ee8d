"""Nobody sees or does what is not theirs: every route for every role, and every foreign thing on every route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.routing import APIRoute

from linli.entry import platform_routes, rooms
from linli.people.access.model import ROLES
from linli.platform.access import Access
from tests.stories.conftest import Place
from tests.stories.test_bad_input import sample, schema_of
from tests.stories.town import rows_of

# Written down here once more, away from the code, so that widening a role there is seen here.
MAY = {
    "operator": "cycle.manage offer.manage order.read station.manage leader.manage member.read case.manage "
    "route.manage papers.read outbox.manage",
    "buyer": "catalog.manage supplier.manage offer.manage purchase.manage demand.read papers.read",
    "finance": "ledger.read payment.confirm refund.manage statement.manage",
    "customer_service": "case.manage order.read member.read",
    "warehouse_lead": "sorting.manage stock.read receiving.read papers.read route.manage",
    "warehouse_worker": "receiving.work sorting.work loading.work",
    "driver": "run.drive handover.sign",
    "leader": "station.own order.own_read order.on_behalf chain.import payment.own_confirm handover.receive "
    "pickup.verify case.own earnings.own",
    "helper": "pickup.verify order.own_read handover.receive",
    "member": "shop.browse order.place order.own charge.open case.open profile.own",
    "supplier": "po.own",
}
ONLY_ADMINISTRATOR = "region.manage settings.manage staff.manage audit.read"
AUDIENCES = {
    "console": "administrator operator buyer finance customer_service warehouse_lead", "warehouse": "warehouse_worker",
    "driver": "driver", "leader": "leader helper", "app": "member", "supplier": "supplier",
}  # fmt: skip
EVERYBODY = [*" ".join(AUDIENCES.values()).split(), "anonymous"]
PUBLIC = {
    "/app/codes", "/app/sessions", "/leader/codes", "/leader/sessions", "/supplier/sessions", "/driver/sessions",
    "/warehouse/sessions", "/console/sessions", "/console/first-administrator", "/app/pictures/{name}",
    "/app/videos/{name}",
    "/hooks/payments/{channel}", *(f"/{audience}/sessions/refresh" for audience in AUDIENCES),
}  # fmt: skip


def permissions() -> dict[str, set[str]]:
    """Return what each role may, as written above."""
    told = {role: set(names.split()) for role, names in MAY.items()}
    office = [told[role] for role in AUDIENCES["console"].split() if role in told]
    return told | {"administrator": set(ONLY_ADMINISTRATOR.split()).union(*office)}


def routes() -> list[tuple[str, str, Access]]:
    """Return method, path and declared access of every route that the rooms and the platform offer."""
    found: list[tuple[str, str, Access]] = []
    for router in [*rooms.load_routers(), *platform_routes.routers]:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            access: Access = vars(route.endpoint)["__access__"]
            found.extend((method, route.path, access) for method in sorted(route.methods or ()))
    return found


def may(role: str, access: Access) -> bool:
    """Tell whether a role may use a route."""
    if access.permission is None:
        return True
    if role == "anonymous" or role not in AUDIENCES.get(access.audience, "").split():
        return False
    return access.permission in permissions()[role] | {"session.own"}


def test_roles_may_what_is_written_here_and_no_more() -> None:
    assert {name: set(role.permissions) for name, role in ROLES.items()} == permissions()
    assert {name: role.audience for name, role in ROLES.items()} == {
        role: audience for audience, names in AUDIENCES.items() for role in names.split()
    }


@pytest.mark.rule("S8")
def test_every_route_names_a_permission_that_somebody_of_its_audience_has_or_is_public_for_a_reason() -> None:
    for method, path, access in routes():
        if access.permission is None:
            assert path in PUBLIC, f"{method} {path} is open to everybody: is that meant?"
        else:
            assert any(may(role, access) for role in EVERYBODY), f"nobody may {method} {path}"
            assert path.startswith(f"/{access.audience}/")


async def call(place: Place, role: str, method: str, path: str, body: Any = None) -> httpx2.Response:
    """Send a request as a role."""
    headers = place.town.headers(role) | {"Idempotency-Key": uuid4().hex}
    return await place.client.request(method, path, json=body, headers=headers)


def filled(place: Place, path: str) -> str:
    """Fill a path with what exists in the town."""
    ids = place.town.ids
    given = ids | {
        "po": ids["purchase_order"], "row": "1", "kind": "sorting-list", "form": "pdf", "channel": "sandbox",
        "name": "a" * 32 + ".webp", "code": place.town.tote, "day": "2026-11-30",
    }  # fmt: skip
    parts = [part.partition("}")[0] for part in path.split("{")[1:]]
    for part in parts:
        path = path.replace("{" + part + "}", given.get(part.removesuffix("_id"), "1"))
    return path


@pytest.mark.rule("S8")
@pytest.mark.parametrize("role", EVERYBODY)
async def test_without_the_permission_no_route_lets_anybody_in(place: Place, role: str) -> None:
    before = await rows_of(place.installation, 0, place.town.region_id)
    refusal = (401, "sign_in_needed") if role == "anonymous" else (403, "permission_missing")
    walked = 0
    for method, path, access in routes():
        if not may(role, access):
            answer = await call(place, role, method, filled(place, path), {})
            assert (answer.status_code, answer.json().get("code")) == refusal, (role, method, path, answer.text)
            walked += 1
    assert walked > 50
    assert await rows_of(place.installation, 0, place.town.region_id) == before


@pytest.mark.rule("S8")
@pytest.mark.parametrize("role", [role for role in EVERYBODY if role != "anonymous"])
async def test_with_the_permission_every_route_is_open_and_none_breaks(place: Place, role: str) -> None:
    for method, path, access in routes():
        if may(role, access) and access.permission is not None:
            answer = await call(place, role, method, filled(place, path), {"no such field": 1})
            assert answer.status_code < 500, (role, method, path, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["code"] not in ("permission_missing", "sign_in_needed"), (role, method, path)


Asked = tuple[str, str, Any]
GOOD_LINES = [{"offer_id": "{far.offer}", "quantity": 1}]

# For every route that names a thing: who may call it, but whose thing it is not, and what is sent.
# "{order}" is a thing of the town, "{far.order}" the same thing of another region's town.
STANDING = {"quantity": 1, "weekdays": [2], "ceiling_fen": 5_000}
PARCEL = {"carrier": "顺丰", "tracking": "SF1234567890"}
FOREIGN: dict[str, list[Asked]] = {
    "GET /app/orders/{order_id}": [("other_member", "{order}", None), ("far_member", "{neighbours_order}", None)],
    "POST /app/orders/{order_id}/cancellation": [
        ("other_member", "{open_order}", {}),
        ("far_member", "{open_order}", {}),
    ],
    "GET /app/orders/{order_id}/shortages": [("other_member", "{order}", None)],
    "POST /app/charges": [("other_member", "", {"order_ids": ["{open_order}"], "channel": "offline"})],
    "GET /app/charges/{charge_id}": [("other_member", "{charge}", None), ("far_member", "{charge}", None)],
    "POST /app/charges/{charge_id}/attempts": [("other_member", "{charge}", {})],
    "POST /app/orders": [
        ("member", "", {"cycle_id": "{far.open_cycle}", "lines": GOOD_LINES, "expect_payable_fen": 2100})
    ],
    "POST /app/quotes": [("member", "", {"cycle_id": "{far.open_cycle}", "lines": GOOD_LINES})],
    "GET /app/offers/{offer_id}/teams": [("member", "{far.open_cycle}", None)],
    "GET /app/teams/{team_id}": [("far_member", "{offer}", None)],
    "POST /app/offers/{offer_id}/bargains": [("member", "{far.open_cycle}", {})],
    "GET /app/bargains/{bargain_id}": [("far_member", "{offer}", None)],
    "POST /app/bargains/{bargain_id}/helps": [("far_member", "{offer}", {})],
    "GET /app/cycles/{cycle_id}/bundles": [("member", "{far.open_cycle}", None)],
    "POST /app/petitions/{petition_id}/support": [("far_member", "{offer}", None)],
    "GET /app/standings/{standing_id}": [("far_member", "{offer}", None)],
    "PUT /app/standings/{standing_id}": [("far_member", "{offer}", STANDING)],
    "POST /app/standings/{standing_id}/pause": [("far_member", "{offer}", None)],
    "POST /app/standings/{standing_id}/resumption": [("far_member", "{offer}", None)],
    "POST /app/standings/{standing_id}/end": [("far_member", "{offer}", None)],
    "POST /app/standings/{standing_id}/skips": [("far_member", "{offer}", {"day": "2026-11-30"})],
    "DELETE /app/standings/{standing_id}/skips/{day}": [("far_member", "{offer}", None)],
    "GET /app/orders/{order_id}/parcels": [("other_member", "{order}", None), ("far_member", "{order}", None)],
    "POST /app/parcels/{parcel_id}/receipt": [("other_member", "{order}", None), ("far_member", "{order}", None)],
    "POST /supplier/drop-ships/{order_id}/parcels": [("other_supplier", "{order}", PARCEL)],
    "PUT /app/me/station": [("member", "", {"station_id": "{far.station}"})],
    "POST /app/cases": [
        ("other_member", "", {"line_id": "{line}", "kind": "missing", "quantity": 1, "story": "没有"}),
    ],
    "GET /app/cases/{case_id}": [("other_member", "{case}", None)],
    "POST /app/cases/{case_id}/escalation": [("other_member", "{case}", {"words": "不服"})],
    "POST /app/cases/{case_id}/rating": [("other_member", "{case}", {"rating": 1})],
    "POST /app/cases/{case_id}/agreement": [("other_member", "{case}", {"agrees": True, "agree": True})],
    "GET /app/photos/{name}": [("other_member", "{photo}", None)],
    "GET /leader/photos/{name}": [("other_leader", "{photo}", None)],
    "GET /leader/cases/{case_id}": [("other_leader", "{case}", None)],
    "POST /leader/cases/{case_id}/answer": [("other_leader", "{case}", {"answer": "看看"})],
    "GET /leader/orders/{order_id}": [
        ("other_leader", "{order}", None),
        ("leader", "{neighbours_order}", None),
        ("helper", "{neighbours_order}", None),
    ],
    "POST /leader/orders/{order_id}/cancellation": [
        ("other_leader", "{open_order}", {}),
        ("leader", "{neighbours_order}", {}),
    ],
    "POST /leader/orders/{order_id}/payment": [("other_leader", "{open_order}", {"amount_fen": 2100, "way": "cash"})],
    "POST /leader/orders": [
        (
            "leader",
            "",
            {
                "station_id": "{others_station}",
                "cycle_id": "{open_cycle}",
                "nickname": "谁",
                "place": "1栋",
                "lines": [{"offer_id": "{offer}", "quantity": 1}],
                "expect_payable_fen": 2100,
            },
        ),
    ],
    "POST /leader/chains": [
        (
            "leader",
            "",
            {"cycle_id": "{open_cycle}", "station_id": "{others_station}", "text": "接龙\n1. 李阿姨 苹果1份"},
        )
    ],
    "GET /leader/chains/{chain_id}": [("other_leader", "{chain}", None)],
    "POST /leader/chains/{chain_id}/confirmation": [
        ("other_leader", "{chain}", {"entries": [{"entry_id": "{chain_entry}", "action": "drop"}]})
    ],
    "POST /leader/handovers/{handover_id}/receipt": [
        ("other_leader", "{handover}", {"totes": 1}),
        ("leader", "{others_handover}", {"totes": 1}),
        ("helper", "{others_handover}", {"totes": 1}),
    ],
    "POST /leader/pickups": [
        ("other_leader", "", {"station_id": "{station}", "order_ids": ["{order}"]}),
        ("leader", "", {"station_id": "{others_station}", "order_ids": ["{neighbours_order}"]}),
        ("leader", "", {"station_id": "{station}", "order_ids": ["{neighbours_order}"]}),
        ("helper", "", {"station_id": "{station}", "order_ids": ["{neighbours_order}"]}),
    ],
    "GET /leader/pickups/waiting": [
        ("leader", "?station_id={others_station}", None),
        ("helper", "?station_id={others_station}", None),
    ],
    "POST /driver/runs/{run_id}/loading": [("other_driver", "{run}", {"tote_codes": []})],
    "POST /driver/runs/{run_id}/departure": [("other_driver", "{run}", None)],
    "POST /driver/stops/{stop_id}/arrival": [("other_driver", "{stop}", None)],
    "POST /driver/stops/{stop_id}/handover": [("other_driver", "{stop}", {"totes": 1})],
    "GET /supplier/purchase-orders/{po_id}": [
        ("other_supplier", "{purchase_order}", None),
        ("supplier", "{rivals_purchase_order}", None),
    ],
    "GET /supplier/purchase-orders/{po_id}/paper.{form}": [("other_supplier", "{purchase_order}", None)],
    "POST /supplier/purchase-orders/{po_id}/confirmation": [("other_supplier", "{purchase_order}", None)],
}

# Routes that name a thing and belong to nobody in particular within a region, tried with another region's thing by all
# who may call them.
SHARED_PREFIXES = ("/console/", "/warehouse/")
# What the whole house shares, or what is found by a random name; the reason is the value.
OPEN_TO_ALL = {
    "/console/products/{product_id}": "the catalogue is one for all regions",
    "/console/products/{product_id}/skus": "the catalogue is one for all regions",
    "/console/products/{product_id}/licences": "the catalogue is one for all regions",
    "/console/products/{product_id}/licences/{licence_id}/withdrawal": "the catalogue is one for all regions",
    "/console/categories/{category_id}": "the catalogue is one for all regions",
    "/console/categories/{category_id}/place": "the catalogue is one for all regions",
    "/console/skus/{sku_id}": "the catalogue is one for all regions",
    "/console/skus/{sku_id}/activity": "the catalogue is one for all regions",
    "/console/suppliers/{supplier_id}/activity": "suppliers are one list for all regions",
    "/console/staff/{account_id}/withdrawal": "the role's region is in the body and checked against the caller's",
    "/console/stock/{sku_id}/movements": "the sku is the catalogue's, the movements are the region's",
    "/warehouse/totes/{code}/seal": "codes are counted in each region, the same code is another tote there",
    "/app/pictures/{name}": "product pictures are advertisements",
    "/app/videos/{name}": "product videos are advertisements",
    "/leader/assets/{name}": "pictures and videos for every leader to share",
    "/leader/products/{product_id}/assets": "pictures and videos for every leader to share",
    "/hooks/payments/{channel}": "the provider signs",
    "/leader/helpers/{account_id}": "only helpers of the caller's own are found, see the last story",
    "/app/cycles/{cycle_id}/offers": "every member may read every cycle of the region",
    "/leader/cycles/{cycle_id}/offers": "every leader may read every cycle of the region",
    "/leader/cycles/{cycle_id}/orders": "filtered by leader in the query, see the last story",
    "/leader/cycles/{cycle_id}/products": "filtered by leader in the query, see the last story",
}


def said(place: Place, template: Any) -> Any:
    """Put ids into a template."""
    if isinstance(template, dict):
        return {key: said(place, inner) for key, inner in template.items()}
    if isinstance(template, list):
        return [said(place, inner) for inner in template]
    if isinstance(template, str):
        for name, number in place.far.ids.items():
            template = template.replace("{far." + name + "}", number)
        for name, number in (place.town.ids | {"photo": place.town.photo}).items():
            template = template.replace("{" + name + "}", number)
    return template


def asked() -> Iterator[tuple[str, str, Asked]]:
    """Yield every foreign request."""
    for name, requests in FOREIGN.items():
        method, _, path = name.partition(" ")
        for request in requests:
            yield method, path, request


def address(place: Place, path: str, what: str) -> str:
    """Put the foreign thing into the first place of a path, or its query behind it."""
    thing = str(said(place, what))
    if thing.startswith("?"):
        return path + thing
    head, brace, rest = path.partition("{")
    return filled(place, head + thing + rest.partition("}")[2]) if brace else path


@pytest.mark.rule("S8")
def test_every_route_that_names_a_thing_is_tried_with_a_foreign_one() -> None:
    known = {f"{method} {path}" for method, path, _ in routes()}
    for method, path, _ in routes():
        if "{" in path:
            tried = f"{method} {path}" in FOREIGN or path in OPEN_TO_ALL or path.startswith(SHARED_PREFIXES)
            assert tried, f"say in FOREIGN whose thing {method} {path} names, and who must not get it"
    assert set(FOREIGN) <= known
    assert set(OPEN_TO_ALL) <= {path for _, path, _ in routes()}


@pytest.mark.rule("S8")
async def test_what_belongs_to_another_does_not_exist_for_me(place: Place) -> None:
    before, wrong = await rows_of(place.installation, 0, place.town.region_id, place.far.region_id), []
    for method, path, (role, what, body) in asked():
        answer = await call(place, role, method, address(place, path, what), said(place, body))
        if answer.status_code not in (403, 404):
            wrong.append(f"{role} {method} {path} {what}: {answer.status_code} {answer.text[:200]}")
    assert "\n".join(wrong) == ""
    assert await rows_of(place.installation, 0, place.town.region_id, place.far.region_id) == before


@pytest.mark.rule("S8")
@pytest.mark.parametrize("role", ["administrator", "warehouse_worker"])
async def test_another_regions_things_do_not_exist_here(place: Place, role: str) -> None:
    regions = (0, place.town.region_id, place.far.region_id)
    before, described = await rows_of(place.installation, *regions), place.app.openapi()["paths"]
    wrong: list[str] = []
    for method, path, access in routes():
        if "{" not in path or path in OPEN_TO_ALL or not may(role, access) or access.permission is None:
            continue
        schema = schema_of(place, described[path][method.lower()])
        body = sample(place, schema) if schema else None
        theirs = replace(place, town=place.far)
        answer = await call(place, role, method, filled(theirs, path), body)
        nothing = method == "GET" and answer.status_code == 200 and not re.search(r'"id":"[1-9]', answer.text)
        if answer.status_code != 404 and not nothing:
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert "\n".join(wrong) == ""
    assert await rows_of(place.installation, *regions) == before


@pytest.mark.rule("S8")
async def test_lists_hold_only_what_is_ones_own(place: Place) -> None:
    ids = place.town.ids

    async def seen(role: str, path: str) -> str:
        answer = await call(place, role, "GET", said(place, path))
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    own = {
        "/leader/cycles/{cycle}/orders": ("order", "neighbours_order", "leader", "other_leader"),
        "/leader/handovers": ("handover", "others_handover", "leader", "other_leader"),
        "/supplier/purchase-orders": ("purchase_order", "rivals_purchase_order", "supplier", "other_supplier"),
    }
    for path, (mine, theirs, me, other) in own.items():
        assert f'"{ids[mine]}"' in await seen(me, path)
        assert f'"{ids[theirs]}"' not in await seen(me, path)
        assert f'"{ids[mine]}"' not in await seen(other, path)
        assert f'"{ids[theirs]}"' in await seen(other, path)
    for path, mine, me, other in (
        ("/app/orders", "order", "member", "other_member"),
        ("/app/cases", "case", "member", "other_member"),
        ("/leader/cases", "case", "leader", "other_leader"),
        ("/driver/runs", "run", "driver", "other_driver"),
        ("/leader/members", "member", "leader", "other_leader"),
        ("/leader/helpers", "helper", "leader", "other_leader"),
    ):
        assert f'"{ids[mine]}"' in await seen(me, path), path
        assert f'"{ids[mine]}"' not in await seen(other, path), path
    apples = str(place.town.depot.goods["苹果"].offer_id)
    assert apples in await seen("leader", "/leader/cycles/{cycle}/products")
    assert apples not in await seen("other_leader", "/leader/cycles/{cycle}/products")
    taken = await call(place, "other_leader", "DELETE", f"/leader/helpers/{ids['helper']}")
    assert taken.json() == {"sessions_ended": 0}
    assert ids["helper"] in await seen("leader", "/leader/helpers")
