"""The score of a candidate: price advantage, quality and supply, and the exclusion list; pure and in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable

from linli.catalog.selection.model import Candidate, Measure, ReferencePriceValue, Score, Trait, Verdict

FULL = 10_000
MARKS = 100
MARK_OF_WANTED = 70
COMPLAINTS_TOLERATED_BP = 200


def score(candidate: Candidate, measure: Measure) -> Score:
    """Return how well a candidate fits; an excluded one has no marks, one without reference price gets none for price.

    The advantage is (reference - price) / reference, the reference being the middle of what other sources ask.
    """
    reference = middle([fen for _, fen in candidate.references])
    advantage = (reference - candidate.price_fen) * FULL // reference if reference else None
    excluded = exclusions(candidate, measure)
    price = 0 if advantage is None else price_mark(advantage, measure)
    quality = quality_mark(candidate)
    supply = supply_mark(candidate)
    weights = (measure.price_weight, measure.quality_weight, measure.supply_weight)
    sum_of = price * weights[0] + quality * weights[1] + supply * weights[2]
    total = 0 if excluded else sum_of // max(1, sum(weights))
    verdict = _verdict(total, advantage, excluded, measure)
    doubts = tuple(_doubts(candidate, advantage, measure))
    return Score(total, price, quality, supply, reference, advantage, excluded, doubts, verdict)


def middle(prices: Iterable[int]) -> int | None:
    """Return the middle price in fen, the lower one of two, so that an advantage is never made larger; None of none."""
    in_order = sorted(price for price in prices if price > 0)
    return in_order[(len(in_order) - 1) // 2] if in_order else None


def exclusions(candidate: Candidate, measure: Measure) -> tuple[str, ...]:
    """Return why goods are on the exclusion list; heavy or large ones are bulky even if nobody says so."""
    bulky = candidate.gross_g > measure.bulky_g or candidate.volume_ml > measure.bulky_ml
    found = {*candidate.traits, *([Trait.BULKY] if bulky else [])}
    return tuple(trait for trait in Trait if trait in found)


def price_mark(advantage_bp: int, measure: Measure) -> int:
    """Return the mark of a price advantage: none at 0, 70 where the wanted begins, 100 at its end and beyond."""
    wanted, full = measure.advantage_wanted_bp, measure.advantage_full_bp
    if advantage_bp <= 0:
        return 0
    if advantage_bp < wanted:
        return advantage_bp * MARK_OF_WANTED // wanted
    if advantage_bp >= full:
        return MARKS
    return MARK_OF_WANTED + (advantage_bp - wanted) * (MARKS - MARK_OF_WANTED) // (full - wanted)


def quality_mark(candidate: Candidate) -> int:
    """Return the inspector's mark less ten for every 1 % of complaints beyond the first 2 %."""
    beyond = max(0, candidate.complaints_bp - COMPLAINTS_TOLERATED_BP)
    return max(0, candidate.quality_mark - beyond // 10)


def supply_mark(candidate: Candidate) -> int:
    """Return the mark of supply: what share of the wanted pieces can be had counts 70, a second supplier 30."""
    if not candidate.suppliers:
        return 0
    wanted, capacity = max(1, candidate.wanted_per_day), candidate.capacity_per_day
    share = MARK_OF_WANTED if capacity is None else min(MARK_OF_WANTED, capacity * MARK_OF_WANTED // wanted)
    return share + (MARKS - MARK_OF_WANTED if candidate.suppliers > 1 else 0)


def newest_by_source(found: Iterable[ReferencePriceValue]) -> tuple[tuple[str, int], ...]:
    """Return the latest price of each source, sources in order."""
    latest: dict[str, ReferencePriceValue] = {}
    for each in found:
        before = latest.get(each.source)
        if before is None or (each.seen_at, each.id) > (before.seen_at, before.id):
            latest[each.source] = each
    return tuple((source, latest[source].price_fen) for source in sorted(latest))


def proof_of(struck_fen: int, found: Iterable[ReferencePriceValue]) -> ReferencePriceValue | None:
    """Return the latest recorded price that is at least the price to be struck through; None when there is none."""
    fitting = [each for each in found if each.price_fen >= struck_fen]
    return max(fitting, key=lambda each: (each.seen_at, each.id), default=None)


def _doubts(candidate: Candidate, advantage_bp: int | None, measure: Measure) -> Iterable[str]:
    if advantage_bp is None:
        yield "no_reference_price"
    elif advantage_bp > measure.advantage_doubtful_bp:
        yield "cheaper_than_believable"
    if candidate.capacity_per_day is not None and candidate.capacity_per_day < candidate.wanted_per_day:
        yield "capacity_below_wanted"


def _verdict(total: int, advantage_bp: int | None, excluded: tuple[str, ...], measure: Measure) -> Verdict:
    if excluded:
        return Verdict.EXCLUDED
    advantageous = advantage_bp is not None and advantage_bp >= measure.advantage_wanted_bp
    if total >= measure.take_from and advantageous:
        return Verdict.TAKE
    return Verdict.TALK if total >= measure.talk_from else Verdict.LEAVE
