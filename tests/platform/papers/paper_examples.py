"""Papers of one small day in 长沙, built the way the rooms build them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from linli.platform.papers import shapes

DAY = date(2026, 11, 23)
HEAD = shapes.Head(issuer="邻里优选", region="长沙市岳麓区", made_at=datetime(2026, 11, 22, 15, 6, tzinfo=UTC))
RARE = "镕喆犇堃囍"
HOSTILE = ('#"\\', '#eval("1+1")', "=1+1", "+cmd|' /C calc'!A0", "$x$ *b* _i_ @ref <lbl> //c `r`", "#panic()")

_GOODS: tuple[tuple[str, str, str, shapes.Storage], ...] = (
    ("SKU10001", "阳光玫瑰葡萄", "2斤/箱", "ambient"),
    ("SKU10002", "本地小白菜", "500g/份", "ambient"),
    ("SKU10003", "鲜牛奶 950ml", "1瓶", "chilled"),
    ("SKU10004", "去头去壳青虾仁（单冻）", "400g/袋", "frozen"),
    ("SKU10005", "土鸡蛋", "30枚/板", "ambient"),
    ("SKU10006", "冷鲜五花肉", "500g±20g", "chilled"),
    ("SKU10007", "五常大米", "5kg/袋", "ambient"),
)


def at(hour: int, minute: int = 0) -> datetime:
    """Say the instant of a Chinese wall clock on the delivery day (UTC; the clock is eight hours ahead)."""
    return datetime(2026, 11, 23, hour - 8, minute, tzinfo=UTC)


def _purchase_line(n: int) -> shapes.PurchaseLine:
    sku, name, spec, _ = _GOODS[n % 7]
    quantity, price = (4 + n) * 12, 399 + 53 * n
    return shapes.PurchaseLine(sku, name, spec, "份", 4 + n, 12, quantity, price, quantity * price)


def purchase_order(lines: int = 7, name: str = "望城蔬菜合作社") -> shapes.PurchaseOrder:
    """Order `lines` goods of one supplier."""
    made = tuple(
        shapes.PurchaseLine(
            sku, goods, spec, "份", 4 + n, 12, (4 + n) * 12, 399 + 53 * n, (4 + n) * 12 * (399 + 53 * n)
        )
        for n in range(lines)
        for sku, goods, spec, _ in (_GOODS[n % 7],)
    )
    return shapes.PurchaseOrder(
        head=HEAD,
        number="PO20261123-0042",
        version=2,
        supplier=shapes.Party(name, "长沙市望城区乔口镇", "王镕", "0731-88880000"),
        deliver_to=shapes.Party("岳麓仓", "长沙市岳麓区麓谷大道 627 号 3 号库", "李库管", "13800000000"),
        deliver_by=at(10),
        lines=made,
        total_fen=sum(line.amount_fen for line in made),
        code=shapes.Code("PO20261123-0042", "code128"),
        notes=("冷藏商品到货温度不高于 12℃，高于 15℃ 拒收。", "随货附检测报告。"),
    )


def sorting_list(totes: int = 23) -> shapes.SortingList:
    """Sort seven goods over `totes` totes."""
    products = []
    for n, (sku, name, spec, storage) in enumerate(_GOODS):
        shares = tuple(
            shapes.ToteShare(f"A{t:03d}", f"阳光花园{t}栋自提点", 1 + (t * 7 + n) % 15)
            for t in range(1, totes + 1)
            if (t + n) % 3
        )
        products.append(shapes.SortProduct(sku, name, spec, storage, sum(share.quantity for share in shares), shares))
    return shapes.SortingList(HEAD, "W1123-1", DAY, at(14), tuple(products))


def station(number: int = 1, orders: int = 12, member: str = f"李{RARE}") -> shapes.StationList:
    """Make one station's list."""
    return shapes.StationList(
        station=f"阳光花园{number}号自提点",
        community="阳光花园",
        leader="周喆",
        leader_phone="138****0001",
        address="岳麓区麓谷街道阳光花园 3 栋架空层",
        arrive_at=at(15, 40),
        orders=tuple(
            shapes.StationOrder(
                serial=serial,
                member=member if serial == 1 else f"会员{serial}",
                masked_phone=f"139****{serial:04d}",
                lines=tuple(
                    shapes.StationLine(name, spec, storage, 1 + (serial + n) % 3)
                    for n, (_, name, spec, storage) in enumerate(_GOODS)
                    if (serial + n) % 2
                ),
                remark="放门卫处" if serial % 5 == 2 else "",
            )
            for serial in range(1, orders + 1)
        ),
    )


def station_lists(stations: int = 2, orders: int = 12) -> shapes.StationLists:
    """Make the lists of several stations in one file."""
    return shapes.StationLists(HEAD, "11月23日团期", DAY, tuple(station(n, orders) for n in range(1, stations + 1)))


def label(serial: int = 7, storage: shapes.Storage = "chilled", member: str = f"李{RARE}") -> shapes.Label:
    """Make bag 2 of 3 of an order."""
    return shapes.Label(
        leader="周喆",
        community="阳光花园",
        station="阳光花园1号自提点",
        tote="A001",
        order_serial=serial,
        member=member,
        part=2,
        parts=3,
        pieces=4,
        storage=storage,
        code=shapes.Code(f"LL:P:{4611686018427387904 + serial}:2"),
    )


def labels(count: int = 3, stock: shapes.LabelStock = "roll") -> shapes.Labels:
    """Make labels of every storage class in turn."""
    kinds: tuple[shapes.Storage, ...] = ("ambient", "chilled", "frozen")
    return shapes.Labels(HEAD, DAY, tuple(label(n + 1, kinds[n % 3]) for n in range(count)), stock)


def pick_slips(slips: int = 2) -> shapes.PickSlips:
    """Make the slips of several totes."""
    return shapes.PickSlips(
        HEAD,
        "W1123-1",
        DAY,
        tuple(
            shapes.PickSlip(
                tote=f"A{n:03d}",
                station=f"阳光花园{n}号自提点",
                community="阳光花园",
                leader="周喆",
                run=f"线路 3 · 第 {n} 站",
                lines=tuple(
                    shapes.PickLine(sku, name, spec, f"{chr(65 + k)}-0{k + 1}-2", storage, 3 + (n + k) % 9)
                    for k, (sku, name, spec, storage) in enumerate(_GOODS)
                ),
                code=shapes.Code(f"LL:T:A{n:03d}"),
            )
            for n in range(1, slips + 1)
        ),
    )


def route_sheet(stops: int = 9) -> shapes.RouteSheet:
    """Make a driver's sheet."""
    return shapes.RouteSheet(
        head=HEAD,
        run="R1123-03",
        deliver_on=DAY,
        driver="赵犇",
        driver_phone="137****0003",
        vehicle="湘A·D12345",
        depart_at=at(14, 10),
        return_at=at(17, 20),
        distance_metres=38_460,
        stops=tuple(
            shapes.RouteStop(
                station=f"阳光花园{n}号自提点",
                community="阳光花园",
                leader="周喆",
                phone="138****0001",
                address="岳麓区麓谷街道阳光花园 3 栋架空层",
                arrive_at=at(14, 20 + 4 * n),
                open_from=at(14),
                open_until=at(17),
                totes=tuple(f"A{n:02d}{k}" for k in range(1, 2 + n % 7)),
                pieces=12 + n,
                cold=n % 2 == 1,
                note="地下车库限高 2.1 米" if n == 2 else "",
            )
            for n in range(1, stops + 1)
        ),
        code=shapes.Code("LL:R:R1123-03"),
    )


def statement() -> shapes.Statement:
    """Make a leader's week."""
    line = shapes.StatementLine
    sections = (
        shapes.StatementSection(
            "佣金（已过售后期）",
            tuple(
                line(
                    date(2026, 11, 16 + n % 7),
                    "商品佣金",
                    f"实付 {30 + n}.00 元 × 12%（规则 R-12：蔬菜 × 金牌团长）",
                    f"LL2026111600{n:03d}",
                    360 + 12 * n,
                )
                for n in range(26)
            ),
        ),
        shapes.StatementSection(
            "奖励",
            (line(date(2026, 11, 22), "阶梯奖", "本月净销售额 5,312.40 元，达到 5,000 元档", "B202611", 50_000),),
        ),
        shapes.StatementSection(
            "扣回与税",
            (
                line(date(2026, 11, 20), "售后扣回", "退款 16.00 元，按 12% 扣回佣金", "CS20261120007", -192),
                line(date(2026, 11, 23), "代扣个人所得税", "累计收入 5,312.40 元，累计减除后应纳税额 0", "T202611", 0),
            ),
        ),
    )
    total = sum(each.amount_fen for section in sections for each in section.lines)
    return shapes.Statement(
        head=HEAD,
        title="团长结算单",
        number="ST2026W47-0001",
        payee=shapes.Party("周喆", "阳光花园1号自提点", "金牌团长", "138****0001"),
        period_from=date(2026, 11, 16),
        period_until=date(2026, 11, 22),
        sections=sections,
        payable_fen=total,
        notes=("对任何一笔有疑问，请在 7 天内联系客服。",),
    )
