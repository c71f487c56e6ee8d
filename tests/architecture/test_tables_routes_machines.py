"""What the code declares: tables, routes and machines, planted with faults."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .checks.catalogue import check_catalogue, check_homes
from .checks.machines import check_drawing, check_machines, render
from .checks.routes import check_routes
from .planting import plant


def number(name: str, *, key: bool = False, **more: Any) -> Column[int]:
    """Return a 64-bit column that does not count by itself."""
    return Column(name, BigInteger, primary_key=key, autoincrement=False, nullable=False, **more)


def region() -> Column[int]:
    """Return the region, first in the key."""
    return Column("region_id", Integer, primary_key=True, autoincrement=False)


def clean_catalogue() -> MetaData:
    """Return tables of every kind that are as they should be."""
    metadata = MetaData()
    product = Table("products", metadata, number("id", key=True), schema="catalog", info={"kind": "reference"})
    Table(
        "users",
        metadata,
        number("id", key=True),
        Column("at", DateTime(timezone=True)),
        schema="people",
        info={"kind": "global"},
    )
    Table("queue", metadata, number("id", key=True), schema="platform", info={"kind": "local"})
    Table(
        "offers", metadata, region(), number("id", key=True), number("product_id"), number("price_fen"),
        UniqueConstraint("region_id", "product_id"),
        ForeignKeyConstraint(["product_id"], [product.c.id]),
        Index(None, "region_id", "price_fen"),
        schema="sale", info={"kind": "region"},
    )  # fmt: skip
    Table(
        "carts", metadata, region(), number("id", key=True), number("offer_id"),
        ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        Index("search", "offer_id", info={"not_region_first": "head office looks an offer up in all regions"}),
        schema="ordering", info={"kind": "region"},
    )  # fmt: skip
    Table(
        "orders", metadata, region(), Column("biz_date", Date, primary_key=True), number("id", key=True),
        schema="ordering", info={"kind": "region", "daily": True}, postgresql_partition_by="RANGE (biz_date)",
    )  # fmt: skip
    return metadata


def test_a_clean_catalogue_passes() -> None:
    assert check_catalogue(clean_catalogue()) == []


REGION = {"kind": "region"}
DAILY = {"postgresql_partition_by": "RANGE (biz_date)"}
BAD_TABLES: list[tuple[str, str, list[Any], dict[str, Any]]] = [
    ("no room's schema", "is no room", [number("id", key=True)], {"schema": "public", "info": {"kind": "global"}}),
    ("no schema", "is no room", [number("id", key=True)], {"info": {"kind": "global"}}),
    ("no kind", "kind None", [number("id", key=True)], {"schema": "money"}),
    ("no primary key", "no primary key", [number("id")], {"info": {"kind": "global"}}),
    ("no region", "has no region_id", [number("id", key=True)], {"info": REGION}),
    ("region second", "not first in the primary key", [number("id", key=True), region()], {"info": REGION}),
    (
        "region in text",
        "plain integer",
        [Column("region_id", Text, primary_key=True), number("id", key=True)],
        {"info": REGION},
    ),
    (
        "unique beside the region",
        "unique key (code)",
        [region(), number("code"), UniqueConstraint("code")],
        {"info": REGION},
    ),
    ("unique column", "unique key (code)", [region(), Column("code", Text, unique=True)], {"info": REGION}),
    ("unique index", "in the index u", [region(), number("code"), Index("u", "code", unique=True)], {"info": REGION}),
    (
        "unique index with an excuse",
        "in the index u",
        [region(), number("code"), Index("u", "code", unique=True, info={"not_region_first": "please"})],
        {"info": REGION},
    ),
    ("index beside the region", "in the index i", [region(), number("code"), Index("i", "code")], {"info": REGION}),
    (
        "index over an expression",
        "in the index i",
        [region(), Column("c", Text), Index("i", func.lower("c"))],
        {"info": REGION},
    ),
    ("serial", "counts by itself", [Column("id", Integer, primary_key=True)], {"info": {"kind": "global"}}),
    ("big serial", "counts by itself", [Column("id", BigInteger, primary_key=True)], {"info": {"kind": "reference"}}),
    ("identity", "n counts by itself", [region(), Column("n", BigInteger, Identity())], {"info": REGION}),
    ("floating money", "whole numbers", [region(), Column("price_fen", Float)], {"info": REGION}),
    ("floating anything", "small unit", [region(), Column("share", Float)], {"info": REGION}),
    ("instant without zone", "no time zone", [region(), Column("at", DateTime)], {"info": REGION}),
    (
        "filled by the server",
        "filled by the server",
        [region(), Column("at", DateTime(timezone=True), server_default=func.now())],
        {"info": REGION},
    ),
    ("exclusion", "exclusion constraint", [region(), number("a"), ExcludeConstraint(("a", "="))], {"info": REGION}),
    (
        "partition without day",
        "starts with region_id, biz_date",
        [region(), number("id", key=True)],
        {"info": REGION, **DAILY},
    ),
    (
        "partition by hash",
        "one level",
        [region(), Column("biz_date", Date, primary_key=True)],
        {"info": REGION, "postgresql_partition_by": "HASH (region_id)"},
    ),
    (
        "partition with a unique key over all days",
        "must hold biz_date",
        [region(), Column("biz_date", Date, primary_key=True), number("c"), UniqueConstraint("region_id", "c")],
        {"info": REGION, **DAILY},
    ),
    (
        "partition with a foreign key",
        "daily facts have no foreign keys",
        [
            region(),
            Column("biz_date", Date, primary_key=True),
            number("offer_id"),
            ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        ],
        {"info": REGION, "schema": "ordering", **DAILY},
    ),
    ("called daily and is not", "not partitioned", [region()], {"info": {"kind": "region", "daily": True}}),
    (
        "foreign key into a partition",
        "is partitioned",
        [
            region(),
            Column("d", Date, primary_key=True),
            number("o", key=True),
            ForeignKeyConstraint(
                ["region_id", "d", "o"], ["ordering.orders.region_id", "ordering.orders.biz_date", "ordering.orders.id"]
            ),
        ],
        {"info": REGION, "schema": "aftersale"},
    ),
    (
        "reference into a region",
        "a reference table points at a region table",
        [
            number("id", key=True),
            number("region_id"),
            number("offer_id"),
            ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        ],
        {"info": {"kind": "reference"}, "schema": "ordering"},
    ),
    (
        "region into users",
        "a region table points at a global table",
        [region(), number("user_id"), ForeignKeyConstraint(["user_id"], ["people.users.id"])],
        {"info": REGION, "schema": "sale"},
    ),
    (
        "foreign key that forgets the order of its columns",
        "must come first",
        [
            region(),
            number("offer_id"),
            ForeignKeyConstraint(["offer_id", "region_id"], ["sale.offers.id", "sale.offers.region_id"]),
        ],
        {"info": REGION, "schema": "ordering"},
    ),
    (
        "foreign key into a later room",
        "does not come after",
        [
            region(),
            number("cart_id"),
            ForeignKeyConstraint(["region_id", "cart_id"], ["ordering.carts.region_id", "ordering.carts.id"]),
        ],
        {"info": REGION, "schema": "money"},
    ),
]


@pytest.mark.parametrize(("name", "says", "parts", "options"), BAD_TABLES, ids=[case[0] for case in BAD_TABLES])
def test_the_catalogue_check_sees(name: str, says: str, parts: list[Any], options: dict[str, Any]) -> None:
    metadata = clean_catalogue()
    table = Table("faulty", metadata, *parts, **({"schema": "money"} if name != "no schema" else {}) | options)
    found = check_catalogue(metadata)
    assert found
    assert all(line.startswith(f"{table.fullname}: ") for line in found), found
    assert any(says in line for line in found), found


def test_a_row_in_another_rooms_schema_is_seen() -> None:
    class Rows(DeclarativeBase):
        """Rows of a planted room."""

    class Charge(Rows):
        """A charge."""

        __tablename__ = "charges"
        __table_args__ = ({"schema": "ordering"},)
        id: Mapped[int] = mapped_column(primary_key=True)

    Charge.__module__ = "linli.ordering.order.records"
    assert check_homes([Charge]) == []
    Charge.__module__ = "linli.money.charge.records"
    assert check_homes([Charge]) == [
        "linli.money.charge.records.Charge: lives in schema ordering; a room's tables live in schema money"
    ]


@dataclass(frozen=True)
class Declared:
    """What the platform's routers put on an endpoint."""

    audience: str
    permission: str | None
    public_reason: str = ""


def endpoint(access: Declared | None) -> Any:
    """Return a fresh endpoint with a declared access, or none."""

    async def answer(request: Request) -> Response:
        return Response()

    if access is not None:
        answer.__access__ = access  # type: ignore[attr-defined]
    return answer


def planted_app(path: str, access: Declared | None, operation_id: str | None = "planted") -> FastAPI:
    """Return an application with one clean route of each sort and the planted one, included through two routers."""
    app = FastAPI()
    app.add_api_route("/health", endpoint(None))
    app.add_api_route(
        "/hooks/pay", endpoint(Declared("hooks", None, "the provider's signature")), operation_id="hooks_pay"
    )
    app.router.routes.append(Route("/app/hot", partial(endpoint(Declared("app", "order.place")))))
    inner, outer = APIRouter(), APIRouter()
    inner.add_api_route(path, endpoint(access), operation_id=operation_id)
    outer.include_router(inner)
    app.include_router(outer)
    return app


def test_clean_routes_pass() -> None:
    assert check_routes(planted_app("/leader/board", Declared("leader", "board.read"))) == []


@pytest.mark.parametrize(
    ("path", "access", "operation_id", "says"),
    [
        ("/app/orders", None, "planted", "declares no access"),
        ("/app/orders", Declared("app", None), "planted", "declares no permission"),
        ("/app/orders", Declared("app", ""), "planted", "declares no permission"),
        ("/app/orders", Declared("app", None, "  "), "planted", "declares no permission"),
        ("/console/orders", Declared("app", "order.read"), "planted", "prefix and audience"),
        ("/app/orders", Declared("app", "order.read"), None, "no operation_id"),
        ("/app/orders", Declared("app", "order.read"), "hooks_pay", "share the operation_id"),
        ("/apple/orders", Declared("app", "order.read"), "planted", "no known prefix"),
        ("/admin", None, "planted", "no known prefix"),
    ],
)
def test_the_route_check_sees(path: str, access: Declared | None, operation_id: str | None, says: str) -> None:
    found = check_routes(planted_app(path, access, operation_id))
    assert [path in line and says in line for line in found] == [True], found


def test_a_forgotten_permission_is_seen_behind_a_mount_a_thin_route_and_a_folder_of_files(tmp_path: Path) -> None:
    inner = FastAPI(openapi_url=None)
    inner.add_api_route("/secrets", endpoint(None), operation_id="secrets")
    app = FastAPI()
    app.mount("/console", inner)
    app.router.routes.append(Mount("/leader", routes=[Route("/thin", endpoint(None))]))
    app.mount("/warehouse/files", StaticFiles(directory=tmp_path))
    found = check_routes(app)
    assert [line.split(":")[0] for line in found] == ["/console/secrets", "/leader/thin", "/warehouse/files"], found


MODEL = '''
    """States of a box."""
    from enum import StrEnum
    from linli.kernel.machine import Machine

    class BoxState(StrEnum):
        """Where a box stands."""
        PACKED = "packed"
        SENT = "sent"
        LOST = "lost"

    class Other(StrEnum):
        """Another life."""
        PACKED = "gone"

    BOX = Machine("{name}", BoxState.PACKED, {{{moves}}}, ({final}))
    '''


@pytest.mark.parametrize(
    ("name", "moves", "final", "says"),
    [
        (
            "box",
            '"send": ((BoxState.PACKED,), BoxState.SENT)',
            "BoxState.SENT, BoxState.LOST",
            "lost cannot be reached",
        ),
        (
            "box",
            '"send": ((BoxState.PACKED,), BoxState.SENT), "lose": ((BoxState.SENT,), BoxState.LOST)',
            "",
            "nothing leads on from lost",
        ),
        (
            "box",
            '"send": ((BoxState.PACKED, Other.PACKED), BoxState.SENT), "lose": ((BoxState.SENT,), BoxState.LOST)',
            "BoxState.LOST,",
            "which is no BoxState",
        ),
        (
            "charge",
            '"send": ((BoxState.PACKED,), BoxState.SENT), "lose": ((BoxState.SENT,), BoxState.LOST)',
            "BoxState.LOST,",
            "2 machines are called charge",
        ),
    ],
)
def test_the_machine_check_sees(name: str, moves: str, final: str, says: str, tmp_path: Path) -> None:
    assert check_machines(plant(tmp_path / "clean")) == []
    planted = {"supply/sorting/model.py": MODEL.format(name=name, moves=moves, final=final)}
    found = check_machines(plant(tmp_path / "faulty", planted))
    assert [says in line for line in found] == [True], found


def test_a_machine_outside_the_model_would_be_missing_from_the_drawing(tmp_path: Path) -> None:
    text = 'from linli.kernel.machine import Machine\nOTHER = Machine("other", 1, {})\n'
    found = check_machines(plant(tmp_path, {"money/charge/commands.py": text}))
    assert ["belongs in model.py" in line for line in found] == [True], found


def test_an_old_drawing_is_seen(tmp_path: Path) -> None:
    root, drawing = plant(tmp_path), tmp_path / "machines.md"
    assert len(check_drawing(root, drawing)) == 1
    drawing.write_text(render(root), encoding="utf-8")
    assert check_drawing(root, drawing) == []
    assert "## charge" in render(root)
    assert "open --> paid: pay" in render(root)
    drawing.write_text(render(root).replace("paid", "settled"), encoding="utf-8")
    assert len(check_drawing(root, drawing)) == 1
