"""The table of offers: the one counter of stock, with the database's own word that it is never oversold."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, Grams, JsonList, Moment, Ref, RegionId, RowId, table

MaybeFen = Annotated[int | None, mapped_column(BigInteger, nullable=True)]


class Offer(Base):
    """A sku in a cycle, with price, limits and the counter `sold`; what it copies stays as it was when listed."""

    __tablename__ = "offers"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    sku_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.skus.id"))
    product_id: Mapped[Ref]
    product_name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    barcode: Mapped[str] = mapped_column(Text)
    net_g: Mapped[Grams]
    gross_g: Mapped[Grams]
    volume_ml: Mapped[Count]
    weighed: Mapped[bool]
    pictures: Mapped[JsonList]
    category_id: Mapped[Ref]
    category_name: Mapped[str] = mapped_column(Text)
    storage_class: Mapped[str] = mapped_column(Text)
    quality_window_hours: Mapped[Count]
    order_window_hours: Mapped[Count]
    supplier_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.suppliers.id"))
    supplier_name: Mapped[str] = mapped_column(Text)
    cost_fen: Mapped[FenColumn]
    pack_size: Mapped[Count]
    minimum_packs: Mapped[Count]
    capacity_per_day: Mapped[int | None]
    price_fen: Mapped[FenColumn]
    reference_price_fen: Mapped[MaybeFen]
    reference_source: Mapped[str] = mapped_column(Text)
    commission_bp: Mapped[Count]
    commission_fen: Mapped[MaybeFen]
    commission_own: Mapped[bool]  # set for this offer, rather than copied from the category
    shortage_rule: Mapped[str] = mapped_column(Text)
    flags: Mapped[JsonList]
    campaign_budget_fen: Mapped[MaybeFen]
    minimum_quantity: Mapped[Count]
    per_order_limit: Mapped[int | None]
    per_cycle_limit: Mapped[int | None]
    stock_limit: Mapped[int | None]
    sold: Mapped[Count]
    on_sale: Mapped[bool]
    withdrawn: Mapped[bool]
    opens_at: Mapped[Moment]
    closes_at: Mapped[Moment]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "cycle_id"], ["sale.cycles.region_id", "sale.cycles.id"]),
        CheckConstraint("sold >= 0", name="sold_not_negative"),
        CheckConstraint("stock_limit IS NULL OR sold <= stock_limit", name="never_oversold"),
        CheckConstraint("price_fen >= 0 AND cost_fen >= 0", name="prices_not_negative"),
        CheckConstraint("reference_price_fen IS NULL OR reference_source <> ''", name="reference_price_has_source"),
        CheckConstraint(
            "price_fen >= cost_fen OR coalesce(campaign_budget_fen, 0) > 0", name="below_cost_is_a_campaign"
        ),
        CheckConstraint("minimum_quantity >= 1", name="minimum_positive"),
        CheckConstraint("per_order_limit > 0 AND per_cycle_limit > 0", name="limits_positive"),
        CheckConstraint("commission_bp BETWEEN 0 AND 10000 AND commission_fen >= 0", name="commission_possible"),
        CheckConstraint("opens_at < closes_at", name="opens_before_closing"),
        Index("uq_offers_sku", "region_id", "cycle_id", "sku_id", unique=True),
        table("sale", "region"),
    )
