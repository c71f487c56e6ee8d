"""The table of offers: the one counter of stock, with the database's own word that it is never oversold."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, Grams, Json, JsonList, Moment, Ref, RegionId, RowId, table
from linli.sale.offer.model import OfferKind

MaybeFen = Annotated[int | None, mapped_column(BigInteger, nullable=True)]


class Offer(Base):
    """A sku in a cycle, with price, limits and the counter `sold`; what it copies stays as it was when listed."""

    __tablename__ = "offers"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    kind: Mapped[str] = mapped_column(Text)
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
    floor_fen: Mapped[FenColumn]  # the least that a piece can cost: in a team, after a bargain
    loss_fen: Mapped[FenColumn]  # the most that a piece sold so far, or sold now, can lose against its cost
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
    per_day_limit: Mapped[int | None]
    stock_limit: Mapped[int | None]
    sold: Mapped[Count]
    on_sale: Mapped[bool]
    withdrawn: Mapped[bool]
    opens_at: Mapped[Moment]
    closes_at: Mapped[Moment]
    leader_levels: Mapped[JsonList]  # who may sell it; empty: all
    community_ids: Mapped[JsonList]
    version: Mapped[Count]  # raised with every change of the terms, not by `sold`
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "cycle_id"], ["sale.cycles.region_id", "sale.cycles.id"]),
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in OfferKind)})", name="kind_known"),
        CheckConstraint("sold >= 0", name="sold_not_negative"),
        CheckConstraint("stock_limit IS NULL OR sold <= stock_limit", name="never_oversold"),
        CheckConstraint("price_fen >= 0 AND cost_fen >= 0 AND loss_fen >= 0", name="prices_not_negative"),
        CheckConstraint("floor_fen BETWEEN 0 AND price_fen", name="floor_not_above_price"),
        CheckConstraint("reference_price_fen IS NULL OR reference_source <> ''", name="reference_price_has_source"),
        CheckConstraint("loss_fen >= cost_fen - floor_fen", name="loss_is_known"),
        # Never oversold, so what the whole stock can lose is what the campaign can lose.
        CheckConstraint(
            "loss_fen = 0 OR coalesce(loss_fen * stock_limit <= campaign_budget_fen, false)", name="campaign_bears_loss"
        ),
        CheckConstraint("minimum_quantity >= 1", name="minimum_positive"),
        CheckConstraint("per_order_limit > 0 AND per_cycle_limit > 0 AND per_day_limit > 0", name="limits_positive"),
        CheckConstraint("commission_bp BETWEEN 0 AND 10000 AND commission_fen >= 0", name="commission_possible"),
        CheckConstraint("opens_at < closes_at", name="opens_before_closing"),
        Index("uq_offers_sku", "region_id", "cycle_id", "sku_id", "kind", unique=True),
        table("sale", "region"),
    )


class OfferChange(Base):
    """One change of an offer's terms: who changed what, from what to what, when and why."""

    __tablename__ = "offer_changes"
    region_id: Mapped[RegionId]
    offer_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[RowId]
    at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    changes: Mapped[Json]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        table("sale", "region", append_only=True),
    )
