"""The table of messages from payment providers: kept raw, judged once."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Json, Moment, RegionId, RowId, table

CHANGES = {"may_change": True}


class RawNoticeRow(Base):
    """One message as it came, the verdict written later; quarantined answers of polls stand here too."""

    __tablename__ = "raw_notices"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    channel: Mapped[str] = mapped_column(Text)
    notice_id: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    headers: Mapped[Json]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), nullable=True)
    received_at: Mapped[Moment]
    verdict: Mapped[str] = mapped_column(Text, info=CHANGES)
    judged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), nullable=True, info=CHANGES)
    __table_args__ = (
        UniqueConstraint("region_id", "channel", "notice_id", "digest"),
        CheckConstraint("octet_length(body) <= 65536", name="body_limited"),
        Index("ix_raw_notices_unjudged", "region_id", "received_at", postgresql_where=text("verdict = ''")),
        Index("ix_raw_notices_verdict", "region_id", "verdict", "id"),
        table("money", "region", append_only=True),
    )
