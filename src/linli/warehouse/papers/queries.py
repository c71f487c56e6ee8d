"""The papers of a cycle: one reading of what lies in the totes feeds them all, so that no two disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Literal, cast

from linli import people, sale
from linli.platform import papers
from linli.platform.database import Tx
from linli.warehouse.papers.model import PaperKind, PapersOfCycle, Person, Place, PrintedLine
from linli.warehouse.sorting.queries import sorted_lines

ISSUER = "邻里"
NOBODY = Person("—", "", "")


async def papers_of_cycle(tx: Tx, cycle_id: int, *, station_id: int | None = None) -> PapersOfCycle:
    """Read what the papers of a cycle (or one station) are printed from; refuses NoSuchCycle and WaveNotPlanned."""
    cycle = await sale.cycle(tx, cycle_id)
    lines = [line for line in await sorted_lines(tx, cycle_id) if station_id in (None, line.station_id)]
    places = await _places(tx, {line.station_id for line in lines})
    members = await people.members(tx, {line.member_id for line in lines})
    persons = {
        id: Person(m.nickname, m.place, f"****{m.phone_tail}" if m.phone_tail else "") for id, m in members.items()
    }
    printed = tuple(
        PrintedLine(
            line.station_id, line.serial, line.order_id, line.tote_code, line.barcode or str(line.sku_id), line.name,
            line.spec, line.storage_class, line.quantity, places[line.station_id], persons.get(line.member_id, NOBODY),
        )
        for line in lines
    )  # fmt: skip
    region = (await people.region(tx, tx.region_id)).name
    return PapersOfCycle(
        region, cycle.timezone, tx.now, cycle.delivery_date, cycle.sorted_by, cycle.delivered_by, printed
    )


async def _places(tx: Tx, station_ids: set[int]) -> dict[int, Place]:
    stations = await people.stations(tx, station_ids) if station_ids else {}
    leaders = await people.leaders(tx, {station.leader_id for station in stations.values()}) if stations else {}
    places = {}
    for id, station in stations.items():
        leader = leaders.get(station.leader_id)
        name, tail = (leader.name, leader.phone_tail) if leader else ("—", "")
        places[id] = Place(station.name, station.community_name, station.address, name, _masked(tail))
    return places


def _masked(tail: str) -> str:
    return f"****{tail}" if tail else ""


def printed_pdf(kind: PaperKind, source: PapersOfCycle, stock: Literal["roll", "a4"] = "roll") -> bytes:
    """Print a paper as PDF; it keeps a processor busy, call it from a thread."""
    if kind is PaperKind.SORTING_LIST:
        return papers.pdf("sorting_list", sorting_list(source))
    if kind is PaperKind.STATION_LISTS:
        return papers.pdf("station_list", station_lists(source))
    return papers.pdf("labels", labels(source, stock))


def _head(source: PapersOfCycle) -> papers.Head:
    return papers.Head(ISSUER, source.region, source.made_at, source.zone)


def sorting_list(source: PapersOfCycle) -> papers.SortingList:
    """Return the sorting list: each product with its total and the totes it goes into."""
    totes: dict[tuple[str, str, str, str], dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for line in source.lines:
        product = (line.storage, line.name, line.spec, line.sku)
        totes[product][line.tote, line.place.name] += line.quantity
    products = tuple(
        papers.SortProduct(
            sku, name, spec, _storage(storage), sum(shares.values()),
            tuple(papers.ToteShare(tote, station, count) for (tote, station), count in sorted(shares.items())),
        )
        for (storage, name, spec, sku), shares in sorted(totes.items())
    )  # fmt: skip
    return papers.SortingList(
        _head(source), f"{source.delivery_date:%Y%m%d}", source.delivery_date, source.sorted_by, products
    )


def station_lists(source: PapersOfCycle) -> papers.StationLists:
    """Return the lists of all stations: each order by serial with what the member gets."""
    stations = []
    for _, of_station in groupby(source.lines, key=lambda line: line.station_id):
        lines = list(of_station)
        place = lines[0].place
        orders = tuple(_order(list(each)) for _, each in groupby(lines, key=lambda line: line.order_id))
        stations.append(
            papers.StationList(
                place.name,
                place.community,
                place.leader,
                place.leader_phone,
                place.address,
                source.delivered_by,
                orders,
            )
        )
    cycle = f"{source.delivery_date:%Y%m%d}"
    return papers.StationLists(_head(source), cycle, source.delivery_date, tuple(stations))


def _order(lines: list[PrintedLine]) -> papers.StationOrder:
    goods: dict[tuple[str, str, str], int] = defaultdict(int)  # a line that is split over totes is one line again
    for line in lines:
        goods[line.name, line.spec, line.storage] += line.quantity
    person = lines[0].person
    printed = tuple(papers.StationLine(n, s, _storage(storage), count) for (n, s, storage), count in goods.items())
    return papers.StationOrder(lines[0].serial, person.name, person.phone, printed, person.place)


def labels(source: PapersOfCycle, stock: Literal["roll", "a4"] = "roll") -> papers.Labels:
    """Return a label for every bag: what an order has in one tote."""
    made: list[papers.Label] = []
    for order_id, of_order in groupby(source.lines, key=lambda line: line.order_id):
        bags: dict[tuple[str, str], list[PrintedLine]] = defaultdict(list)
        for line in of_order:
            bags[line.storage, line.tote].append(line)
        for part, ((storage, tote), lines) in enumerate(sorted(bags.items()), start=1):
            place, person = lines[0].place, lines[0].person
            made.append(
                papers.Label(
                    place.leader, place.community, place.name, tote, lines[0].serial, person.name, part, len(bags),
                    sum(line.quantity for line in lines), _storage(storage), papers.Code(f"linli:order:{order_id}"),
                )
            )  # fmt: skip
    return papers.Labels(_head(source), source.delivery_date, tuple(made), stock)


def _storage(text: str) -> Literal["ambient", "chilled", "frozen"]:
    return cast(Literal["ambient", "chilled", "frozen"], text)


def workbook(kind: PaperKind, source: PapersOfCycle) -> bytes:
    """Write a paper as an Excel file."""
    sheet = {
        PaperKind.SORTING_LIST: _sorting_rows,
        PaperKind.STATION_LISTS: _station_rows,
        PaperKind.LABELS: _label_rows,
    }
    name, columns, rows = sheet[kind](source)
    return papers.workbook([papers.Sheet(name, columns, rows, zone=source.zone)], made_at=source.made_at)


Table = tuple[str, list[papers.Column], Iterable[dict[str, Any]]]


def _sorting_rows(source: PapersOfCycle) -> Table:
    columns = [
        papers.Column("sku", "条码"), papers.Column("name", "品名", width=24), papers.Column("spec", "规格"),
        papers.Column("storage", "温层"), papers.Column("tote", "周转箱"), papers.Column("station", "自提点"),
        papers.Column("quantity", "数量", papers.Kind.WHOLE, total=True),
    ]  # fmt: skip
    rows = [
        {
            "sku": product.sku, "name": product.name, "spec": product.spec, "storage": STORAGE[product.storage],
            "tote": share.tote, "station": share.station, "quantity": share.quantity,
        }
        for product in sorting_list(source).products for share in product.totes
    ]  # fmt: skip
    return "分拣单", columns, rows


STORAGE = {"ambient": "常温", "chilled": "冷藏", "frozen": "冷冻"}


def _station_rows(source: PapersOfCycle) -> Table:
    columns = [
        papers.Column("station", "自提点"), papers.Column("leader", "团长"),
        papers.Column("serial", "跟团号", papers.Kind.WHOLE), papers.Column("member", "会员"),
        papers.Column("phone", "电话"), papers.Column("place", "门牌"), papers.Column("name", "品名", width=24),
        papers.Column("spec", "规格"), papers.Column("quantity", "数量", papers.Kind.WHOLE, total=True),
    ]  # fmt: skip
    rows = [
        {
            "station": station.station, "leader": station.leader, "serial": order.serial, "member": order.member,
            "phone": order.masked_phone, "place": order.remark, "name": line.name, "spec": line.spec,
            "quantity": line.quantity,
        }
        for station in station_lists(source).stations for order in station.orders for line in order.lines
    ]  # fmt: skip
    return "自提点提货单", columns, rows


def _label_rows(source: PapersOfCycle) -> Table:
    columns = [
        papers.Column("station", "自提点"), papers.Column("tote", "周转箱"),
        papers.Column("serial", "跟团号", papers.Kind.WHOLE), papers.Column("member", "会员"),
        papers.Column("part", "第几袋"), papers.Column("storage", "温层"),
        papers.Column("pieces", "件数", papers.Kind.WHOLE, total=True), papers.Column("code", "码"),
    ]  # fmt: skip
    rows = [
        {
            "station": label.station, "tote": label.tote, "serial": label.order_serial, "member": label.member,
            "part": f"{label.part}/{label.parts}", "storage": STORAGE[label.storage], "pieces": label.pieces,
            "code": label.code.text,
        }
        for label in labels(source).labels
    ]  # fmt: skip
    return "标签", columns, rows
