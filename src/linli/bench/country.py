"""A country of regions for the benches of the night: cycles at their cut-off, full of paid three-line orders.

Rows go into the real tables by bulk statements. Every column that is not named gets the plainest value of its type, so
that the bench follows the tables as they grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg import sql
from sqlalchemy import Boolean, Date, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from linli.kernel.ids import FIRST_DAY
from linli.platform.manifest import metadata

FIRST_REGION = 100_000
OFFERS, SUPPLIERS, SCARCE_EVERY = 60, 6, 50
DAY_SHIFT, REGION_SHIFT = 29, 43
CYCLE, OFFER, COMMUNITY, LEADER, STATION, CHARGE, ORDER = 1, 100, 1_000, 100_000, 500_000, 2, 10_000_000
STEP = 8  # ids an order takes: itself, its charge, its lines
FREE = 1 << 28  # the first number that the application may give itself


@dataclass(frozen=True)
class Country:
    """How many regions, stations and orders there are, for which delivery date, and when people paid."""

    regions: int
    orders: int
    stations: int
    day: date
    now: datetime

    @property
    def numbers(self) -> range:
        """Return the numbers of its regions."""
        return range(FIRST_REGION, FIRST_REGION + self.regions)

    def orders_of(self, region: int) -> int:
        """Return how many orders a region has: as even as can be."""
        whole, rest = divmod(self.orders, self.regions)
        return whole + (region - FIRST_REGION < rest)

    def id(self, region: int, number: str) -> str:
        """Return the expression of an id of a region on the delivery date."""
        days = (self.day - FIRST_DAY).days
        return f"(({region}::bigint << {REGION_SHIFT}) | ({days}::bigint << {DAY_SHIFT})) + {number}"


def found(connection: psycopg.Connection[tuple[object, ...]], country: Country) -> None:
    """Write the catalogue, the regions with their stations, and an open cycle of each whose cut-off is past."""
    for statement in [*_catalogue(country), *_places(country), *_cycles(country)]:
        connection.execute(sql.SQL(statement))


def fill(connection: psycopg.Connection[tuple[object, ...]], country: Country, region: int) -> int:
    """Write the paid orders of a region with their lines; returns how many orders."""
    for statement in _orders(country, region):
        connection.execute(sql.SQL(statement))
    return country.orders_of(region)


def insert(table: str, source: str, now: datetime, /, **known: str) -> str:
    """Return the statement that fills a table from a source: known columns as told, all others plainly."""
    columns = {column.name: column for column in metadata.tables[table].columns}
    plain = {
        each: _plainest(column.type, now)
        for each, column in columns.items()
        if not column.nullable and each not in known
    }
    values = known | plain
    names = ", ".join(f'"{each}"' for each in values)
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(values.values())} FROM {source}"


def _plainest(kind: object, now: datetime) -> str:
    if isinstance(kind, Boolean):
        return "false"
    if isinstance(kind, Integer):
        return "0"
    if isinstance(kind, DateTime):
        return _moment(now)
    if isinstance(kind, Date):
        return f"DATE '{now:%Y-%m-%d}'"
    if isinstance(kind, JSONB):
        return "'[]'::jsonb"
    if isinstance(kind, Text):
        return "''"
    return "''"


def _moment(at: datetime) -> str:
    return f"TIMESTAMPTZ '{at.isoformat()}'"


def _catalogue(country: Country) -> Iterator[str]:
    many = f"generate_series(1, {OFFERS + 1}) AS k"
    yield insert(
        "catalog.categories", "generate_series(1, 1) AS k", country.now, id="k", name="'量尺'", nature="'daily'",
        storage_class="'ambient'", commission_bp="1000",
    )  # fmt: skip
    yield insert("catalog.products", many, country.now, id="k", category_id="1", name="'商品' || k", code="k::text")
    yield insert(
        "catalog.skus", many, country.now, id="k", product_id="k", spec="'一份'", unit="'份'", gross_g="400",
        pack_size="1", spec_values="'{}'::jsonb", barcode="(6900000000000 + k)::text", net_g="300",
    )  # fmt: skip
    yield insert(
        "catalog.suppliers", f"generate_series(1, {SUPPLIERS}) AS k", country.now, id="k", name="'供应商' || k",
        active="true",
    )  # fmt: skip
    yield insert(
        "platform.settings", "generate_series(1, 1)", country.now, region_id="0", name="'warehouse.sorted_by_scan'",
        value="'false'::jsonb", valid_from=_moment(country.now - timedelta(days=1)),
    )  # fmt: skip


def _places(country: Country) -> Iterator[str]:
    source = f"generate_series({FIRST_REGION}, {FIRST_REGION + country.regions - 1}) AS r"
    yield insert("people.regions", source, country.now, id="r", name="'区' || r", active="true")
    for region in country.numbers:
        many = f"generate_series(1, {country.stations}) AS s"
        key = {"region_id": str(region)}
        community = country.id(region, str(COMMUNITY))
        leader = country.id(region, f"{LEADER} + s")
        yield insert("people.communities", "generate_series(1, 1)", country.now, id=community, name="'小区'", **key)
        yield insert(
            "people.leaders", many, country.now, id=leader, account_id="s", name="'团长' || s", level="'normal'",
            state="'active'", **key,
        )  # fmt: skip
        yield insert(
            "people.stations", many, country.now, id=country.id(region, f"{STATION} + s"), community_id=community,
            leader_id=leader, name="'站' || s", mode="'delivery'", closes_minute="1440", active="true",
            lat_e6="22540000 + s * 700", lng_e6="114050000 + s % 97 * 900", **key,
        )  # fmt: skip


def _cycles(country: Country) -> Iterator[str]:
    hours = {
        "publish_at": -20, "opens_at": -19, "cut_off_at": -2, "grace_until": -2, "demand_at": -1, "supplier_arrival": 6,
        "sorted_by": 12, "promised_from": 14, "delivered_by": 17, "day_settled": 30, "reminder_next": 40,
        "uncollected_policy": 60,
    }  # fmt: skip
    instants = {name: _moment(country.now + timedelta(hours=later)) for name, later in hours.items()}
    for region in country.numbers:
        cycle = country.id(region, str(CYCLE))
        yield insert(
            "sale.cycles", "generate_series(1, 1)", country.now, region_id=str(region), id=cycle, state="'open'",
            delivery_date=f"DATE '{country.day}'", scope="'region'", timezone="'Asia/Shanghai'", hold_minutes="30",
            hold_minutes_last_hour="10", **instants,
        )  # fmt: skip
        yield insert(
            "sale.offers", f"generate_series(1, {OFFERS + 1}) AS k", country.now, region_id=str(region),
            id=country.id(region, f"{OFFER} + k"), cycle_id=cycle, kind="'normal'", sku_id="k", product_id="k",
            product_name="'商品' || k", spec="'一份'", unit="'份'", barcode="(6900000000000 + k)::text", net_g="300",
            gross_g="200 + k % 9 * 150", volume_ml="300 + k % 7 * 200", category_id="1", category_name="'量尺'",
            storage_class=_storage("k"), supplier_id=f"1 + k % {SUPPLIERS}",
            supplier_name=f"'供应商' || 1 + k % {SUPPLIERS}",
            cost_fen="500", price_fen=_price("k"), floor_fen=_price("k"), pack_size="1 + k % 12", minimum_packs="1",
            commission_bp="1000", shortage_rule="'paid_time'", minimum_quantity="1", on_sale="true",
            opens_at=instants["opens_at"], closes_at=instants["cut_off_at"], version="1",
        )  # fmt: skip


def _storage(k: str) -> str:
    return f"(ARRAY['ambient', 'ambient', 'chilled', 'frozen'])[1 + {k} % 4]"


def _price(k: str) -> str:
    return f"(690 + {k} % 23 * 100)"


def _orders(country: Country, region: int) -> Iterator[str]:
    count, day = country.orders_of(region), f"DATE '{country.day}'"
    order = country.id(region, f"{ORDER} + n * {STEP}")
    station = country.id(region, f"{STATION} + 1 + n % {country.stations}")
    usual = f"1 + (n * 7 + j * (1 + n % 19)) % {OFFERS}"
    chosen = f"CASE WHEN j = 2 AND n % {SCARCE_EVERY} = 0 THEN {OFFERS + 1} ELSE {usual} END"
    numbers = f"generate_series(0, {count - 1}) n, generate_series(0, 2) j"
    source = f"(SELECT n, j, {chosen} AS k, 1 + (n + j) % 2 AS q FROM {numbers}) l"
    cycle = country.id(region, str(CYCLE))
    same = {"region_id": str(region), "biz_date": day, "cycle_id": cycle, "station_id": station}
    worth = f"{_price('k')} * q"
    yield insert(
        "ordering.lines", source, country.now, id=f"{order} + 2 + j", order_id=order, sku_id="k",
        offer_id=country.id(region, f"{OFFER} + k"), supplier_id=f"1 + k % {SUPPLIERS}", category_id="1",
        storage_class=_storage("k"), name="'商品' || k", spec="'一份'", unit="'份'", net_g="300",
        gross_g="200 + k % 9 * 150", volume_ml="300 + k % 7 * 200", unit_price_fen=_price("k"), cost_fen="500",
        commission_bp="1000", quality_window_hours="24", order_window_hours="72", quantity="q", payable_fen=worth,
        paid_fen=worth, **same,
    )  # fmt: skip
    sums = f"(SELECT n, sum({worth})::bigint AS fen FROM {source} GROUP BY n) o"
    charge = f"CASE WHEN n % {SCARCE_EVERY} = 0 THEN {order} + 1 END"
    yield insert(
        "ordering.orders", sums, country.now, id=order, member_id=country.id(region, f"{ORDER} + n * {STEP} + 7"),
        leader_id=country.id(region, f"{LEADER} + 1 + n % {country.stations}"), state="'paid'", payment="'offline'",
        serial=f"1 + n / {country.stations}", pickup_code="lpad((n % 1000000)::text, 6, '0')", goods_fen="fen",
        payable_fen="fen", paid_fen="fen", charge_id=charge,
        paid_at=f"{_moment(country.now - timedelta(hours=8))} + n * interval '1 ms'",
        **same,
    )  # fmt: skip
    with_charge = f"{sums} WHERE n % {SCARCE_EVERY} = 0"
    yield insert(
        "money.charges", with_charge, country.now, region_id=str(region), biz_date=day, id=f"{order} + 1",
        state="'paid'", channel="'offline'", amount_fen="fen", paid_fen="fen", cycle_id=cycle, station_id=station,
        member_id=country.id(region, f"{ORDER} + n * {STEP} + 7"), paid_at=_moment(country.now),
        paid_attempt_id=f"{order} + 6",
    )  # fmt: skip
    yield insert(
        "money.charge_orders", with_charge, country.now, region_id=str(region), biz_date=day, charge_id=f"{order} + 1",
        order_id=order, amount_fen="fen", paid_fen="fen",
    )  # fmt: skip
    yield (
        f"UPDATE sale.offers o SET sold = l.pieces FROM (SELECT offer_id, sum(quantity) AS pieces FROM ordering.lines "
        f"WHERE region_id = {region} AND biz_date = {day} GROUP BY 1) l "
        f"WHERE o.region_id = {region} AND o.id = l.offer_id"
    )
    yield insert(
        "platform.sequences", "generate_series(1, 1)", country.now, region_id=str(region), day=day, next=str(FREE)
    )
