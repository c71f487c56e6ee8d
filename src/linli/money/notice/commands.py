"""Keeping what providers say, before anybody acts on it, and putting aside what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
import structlog
from prometheus_client import Counter

from linli.money.notice import store
from linli.money.notice.model import QUARANTINED, Answer, Arrived, KeptNotice, RawNotice, Verdict
from linli.platform.database import Tx
from linli.platform.telemetry import registry

ANSWERS = Counter(
    "linli_payment_answers_total", "judged answers of payment providers", ["channel", "verdict"], registry=registry
)
FROM_NOTICE = "notice:"
log = structlog.get_logger()


async def keep_notice(
    tx: Tx, *, raw: RawNotice, told: Answer | None, verdict: Verdict | None = None
) -> tuple[int, Verdict | None]:
    """Keep a message as it came; the same one is kept once; returns its row id and its verdict if it has one."""
    (kept,) = await keep_notices(tx, arrived=[Arrived(raw, told, verdict)])
    return kept.id, kept.verdict


async def keep_notices(tx: Tx, *, arrived: Sequence[Arrived]) -> list[KeptNotice]:
    """Keep messages that arrived together, each once however often it comes."""
    kept = await store.keep(tx, arrived)
    return [KeptNotice(row_id, Verdict(verdict) if verdict else None, len(arrived)) for row_id, verdict in kept]


async def judge_notice(tx: Tx, *, row_id: int, channel: str, verdict: Verdict) -> None:
    """Write the verdict on a kept message and count it; quarantined ones are reported loudly."""
    await store.write_verdict(tx, row_id, verdict)
    _count(channel, str(row_id), verdict)


async def judge_notices(tx: Tx, *, verdicts: Mapping[int, tuple[str, Verdict]]) -> None:
    """Write the verdicts on kept messages, given with their channels by row id, and count them."""
    await store.write_verdicts(tx, {row_id: verdict for row_id, (_, verdict) in verdicts.items()})
    for row_id, (channel, verdict) in verdicts.items():
        _count(channel, str(row_id), verdict)


async def quarantine(tx: Tx, *, answer: Answer, verdict: Verdict) -> None:
    """Put an impossible answer of a poll, bill or person where an operator sees it; notices are kept already."""
    if verdict not in QUARANTINED or answer.source.startswith(FROM_NOTICE):
        return
    raw = RawNotice(answer.channel, f"{answer.source}:{answer.number}", {}, msgspec.json.encode(asdict(answer)))
    await store.keep(tx, [Arrived(raw, answer, verdict)])
    _count(answer.channel, answer.number, verdict)


def _count(channel: str, what: str, verdict: Verdict) -> None:
    ANSWERS.labels(channel, verdict.value).inc()
    if verdict in QUARANTINED:
        log.error("payment_answer_quarantined", channel=channel, what=what, verdict=verdict.value)
