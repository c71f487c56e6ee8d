"""What is frozen at the provider, and the channel and scene whose money it is."""

from dataclasses import dataclass
from datetime import datetime

CHANNEL, SCENE = "wechat", "mini"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Money in fen that was paid and cannot be used yet, by what it waits for, and since when the oldest was paid."""

    before_hand_over_fen: int
    before_hand_over: int
    untold_fen: int
    untold: int
    told_fen: int
    told: int
    oldest_untold: datetime | None
