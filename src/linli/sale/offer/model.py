"""What an offer is made of, and what other rooms know of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OfferKind(StrEnum):
    """What is special about an offer: 秒杀, 拼团, 砍价, 新人专享, 赠品, 周期购, 直发."""

    NORMAL = "normal"
    FLASH = "flash"
    TEAM = "team"
    BARGAIN = "bargain"
    NEWCOMER = "newcomer"
    GIFT = "gift"
    STANDING = "standing"
    EXPRESS = "express"


class SellerLevel(StrEnum):
    """Leaders of which level may sell an offer: 普通, 金牌, 区域."""

    NORMAL = "normal"
    GOLD = "gold"
    REGIONAL = "regional"


class ShortageRule(StrEnum):
    """Who gets what when too little arrives: 先付先得, 按比例, 小单优先."""

    PAID_TIME = "paid_time"
    PROPORTIONAL = "proportional"
    SMALL_FIRST = "small_first"


class Flag(StrEnum):
    """Why an offer is in the group: 引流, 爆款, 利润, 新品."""

    TRAFFIC = "traffic"
    HERO = "hero"
    MARGIN = "margin"
    NEW = "new"


@dataclass(frozen=True)
class OfferValue:
    """An offer with everything copied from the catalogue when it was listed.

    Fen a piece, grams and ml a piece, basis points, hours; `commission_fen` (a piece) replaces `commission_bp`.
    `sold` is the counter at the time of reading; a None limit means unlimited; no leader levels or communities named
    means all. `floor_fen` is the least that a piece can cost in a team or after a bargain. `version` rises with every
    change of the terms, not with `sold`.
    """

    id: int
    cycle_id: int
    sku_id: int
    product_id: int
    product_name: str
    spec: str
    unit: str
    barcode: str
    net_g: int
    gross_g: int
    volume_ml: int
    weighed: bool
    pictures: tuple[str, ...]
    category_id: int
    category_name: str
    storage_class: str
    quality_window_hours: int
    order_window_hours: int
    supplier_id: int
    supplier_name: str
    cost_fen: int
    pack_size: int
    minimum_packs: int
    capacity_per_day: int | None
    price_fen: int
    reference_price_fen: int | None
    reference_source: str
    commission_bp: int
    commission_fen: int | None
    commission_own: bool
    shortage_rule: str
    flags: tuple[str, ...]
    campaign_budget_fen: int | None
    minimum_quantity: int
    per_order_limit: int | None
    per_cycle_limit: int | None
    stock_limit: int | None
    sold: int
    on_sale: bool
    withdrawn: bool
    opens_at: datetime
    closes_at: datetime
    kind: str = OfferKind.NORMAL
    per_day_limit: int | None = None
    leader_levels: tuple[str, ...] = ()
    community_ids: tuple[int, ...] = ()
    floor_fen: int = 0
    version: int = 1

    @property
    def left(self) -> int | None:
        """Return how many pieces are left, None for unlimited."""
        return None if self.stock_limit is None else self.stock_limit - self.sold
