"""The table of an account's orders over all regions, kept by the account and filled after the fact."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Moment, Ref, table


class UserOrder(Base):
    """That an account has an order, and in which region it lies."""

    __tablename__ = "user_orders"
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    home_region: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[Ref]
    placed_at: Mapped[Moment]
    __table_args__ = table("ordering", "global")
