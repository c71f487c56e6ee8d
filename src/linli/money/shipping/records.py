"""The table of hand-overs that the provider must hear of, one line for each charge."""

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, MaybeMoment, Moment, RegionId, table


class ShippingRow(Base):
    """That a charge's goods were handed over, and when the provider heard of it."""

    __tablename__ = "shippings"
    region_id: Mapped[RegionId]
    charge_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    handed_over_at: Mapped[Moment]
    told_at: Mapped[MaybeMoment]
    trouble: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        Index("ix_shippings_untold", "region_id", "handed_over_at", postgresql_where=text("told_at IS NULL")),
        table("money", "region"),
    )
