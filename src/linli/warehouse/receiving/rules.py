"""Pure decisions about goods that arrive: do the counts fit the order, are they warm or expired, what is claimed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date

from linli.warehouse.receiving.model import Arrival, ColdLimits, Counts


def counted(before: Counts, arrival: Arrival) -> Counts | None:
    """Return the counts of a sku after an arrival, None when it is more than was ordered and not marked over."""
    accepted = before.accepted + arrival.accepted
    short, rejected = before.short + arrival.short, before.rejected + arrival.rejected
    beyond = accepted + short + rejected - before.ordered - before.over
    if beyond <= 0:
        return replace(before, accepted=accepted, short=short, rejected=rejected)
    if not arrival.over or beyond > arrival.accepted:
        return None
    return Counts(before.ordered, accepted, short, rejected, before.over + beyond)


def recounted(before: Counts, stated: Arrival, instead: Arrival) -> Counts | None:
    """Return the counts after a statement is replaced by another one, None when that cannot be."""
    taken_back = Counts(
        before.ordered,
        before.accepted - stated.accepted,
        before.short - stated.short,
        before.rejected - stated.rejected,
    )
    if min(taken_back.accepted, taken_back.short, taken_back.rejected) < 0:
        return None
    beyond = taken_back.accepted + taken_back.short + taken_back.rejected - taken_back.ordered
    return counted(replace(taken_back, over=max(0, beyond)), instead)


def arrival_trouble(arrival: Arrival, delivery_date: date) -> str:
    """Return why an arrival contradicts itself or the day, or nothing."""
    if min(arrival.accepted, arrival.short, arrival.rejected) < 0:
        return "negative"
    if not arrival.accepted + arrival.short + arrival.rejected:
        return "nothing"
    if arrival.rejected and not arrival.reason:
        return "rejected_without_reason"
    if arrival.produced_on and arrival.expires_on and arrival.produced_on > arrival.expires_on:
        return "expires_before_it_is_made"
    if arrival.produced_on and arrival.produced_on > delivery_date:
        return "made_in_the_future"
    return "expired" if arrival.accepted and arrival.expires_on and arrival.expires_on < delivery_date else ""


def temperature_trouble(arrival: Arrival, limits: ColdLimits | None) -> str:
    """Return why cold goods cannot be accepted ("temperature_missing", "too_warm"), or nothing."""
    if limits is None or not arrival.accepted:
        return ""
    if arrival.temperature_tenths is None:
        return "temperature_missing"
    return "too_warm" if arrival.temperature_tenths > limits.refuse_above else ""


def alarms(arrival: Arrival, limits: ColdLimits | None) -> bool:
    """Tell whether cold goods came warmer than they should."""
    return limits is not None and (arrival.temperature_tenths or limits.alarm_above) > limits.alarm_above


def claim_fen(counts: Counts, price_fen: int) -> int:
    """Return what a supplier owes for pieces that are short or rejected, in fen."""
    return (counts.short + counts.rejected) * price_fen


def digest_of(po_id: int, signed_by: str, lines: Iterable[Mapping[str, object]]) -> str:
    """Return the sha256 (hexadecimal) of what a receipt states."""
    stated = [{name: str(value) for name, value in sorted(line.items())} for line in lines]
    plain = json.dumps([str(po_id), signed_by, stated], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def plain(arrival: Arrival) -> dict[str, object]:
    """Return an arrival as a mapping of its fields."""
    return asdict(arrival)
