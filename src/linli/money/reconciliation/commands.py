"""What happens to bills: wanted every day, kept line by line, compared; differences explained or settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from linli.kernel.refusals import BadInput, NotFound
from linli.money.channels.interface import BillLine
from linli.money.intake.commands import record_answer
from linli.money.ledger.commands import record
from linli.money.ledger.model import Entry, EntryKind
from linli.money.notice.model import GOOD, Answer, Verdict, Word
from linli.money.notice.rules import number_id
from linli.money.reconciliation import store
from linli.money.reconciliation.events import FetchBill
from linli.money.reconciliation.model import DIFFERENCE, Cause
from linli.money.reconciliation.records import DifferenceRow
from linli.money.reconciliation.rules import expected_fee, is_fee_as_agreed, newest_day, span_of
from linli.money.reconciliation.settings import FEES, FETCHED
from linli.platform.database import Tx
from linli.platform.machines import move, move_many
from linli.platform.settings import value_of

PAGE, BILLS_AT_ONCE = 2_000, 7
MADE_GOOD = "taken from the bill: its notice never came"
CAME_LATER = "a later bill names it"
UNKNOWN = frozenset({Verdict.UNKNOWN_NUMBER, Verdict.WRONG_CHANNEL})


class NoSuchDifference(NotFound):
    """There is no such difference in this region."""

    title = "没有这条对账差异"


class NoSuchBill(BadInput):
    """This channel writes no bills, or the day is not over; facts: newest."""

    title = "没有这一天的账单"


async def want_bills(tx: Tx) -> int:
    """Wish for the newest bill of every channel that the owner named, once; returns how many were new.

    Time-driven, in region 0: a bill is written for a merchant, not for a region.
    """
    day, wanted = newest_day(tx.now), 0
    for channel in await value_of(tx, FETCHED):
        if await store.want(tx, channel, day):
            await tx.enqueue(FetchBill(channel, day.isoformat()))
            wanted += 1
    return wanted


async def fetch_again(tx: Tx, *, channel: str, day: date) -> None:
    """Wish for a bill, whether it was taken in before or not; the same lines change nothing. Refuses NoSuchBill."""
    newest = newest_day(tx.now)
    if channel not in ("wechat", "alipay") or day > newest:
        raise NoSuchBill("no such bill is written yet", newest=newest.isoformat())
    await store.want(tx, channel, day)
    await tx.enqueue(FetchBill(channel, day.isoformat()))


async def keep_lines(tx: Tx, *, channel: str, day: date, lines: Sequence[BillLine]) -> int:
    """Keep lines of a bill in the region of their numbers, each once; returns how many were new."""
    rows = [
        {
            "kind": line.kind.value, "number": line.number[:64], "row_no": _row_no(line.number), "of": line.of[:64],
            "provider_no": line.provider_no[:64], "amount_fen": line.amount_fen, "fee_fen": line.fee_fen,
            "state": line.state[:32], "happened_at": line.happened_at,
        }
        for line in lines
    ]  # fmt: skip
    return await store.keep_lines(tx, channel, day, rows)


def _row_no(number: str) -> int:
    try:
        return number_id(number)
    except BadInput:
        return 0


async def end_bill(tx: Tx, *, channel: str, day: date, digest: str, lines: int) -> None:
    """Note that a bill's lines are all kept: every region compares its own, and here those of no region are found."""
    await compare(tx, channel=channel, day=day)
    await store.end_bill(tx, channel, day, digest, lines)


async def compare_bills(tx: Tx) -> int:
    """Compare the bills that were taken in with this region's books; returns how many; twice changes nothing."""
    due = await store.bills_to_compare(tx, BILLS_AT_ONCE)
    for bill in due:
        await compare(tx, channel=bill.channel, day=bill.day)
        await store.end_bill(tx, bill.channel, bill.day, bill.digest, bill.lines)
    return len(due)


async def compare(tx: Tx, *, channel: str, day: date) -> int:
    """Compare one day's lines of this region with our books: answers, fees, differences; returns new differences."""
    found = _Findings()
    rate_bp = (await value_of(tx, FEES)).get(channel, 0)
    for kind in ("payment", "refund"):
        after = 0
        while rows := await store.page_of(tx, channel, day, kind, after, PAGE):
            entries: list[Entry] = []
            for row in rows:
                await _compare_line(tx, channel, day, row, rate_bp, found)
                entries += _fee_entries(channel, row)
            await record(tx, entries=entries)
            after = rows[-1].id
    for row in await store.not_in_bill(tx, channel, *span_of(day)):
        found.add(row, Cause.MISSING_THERE, "no bill names it", ours=row.fen)
    added = await store.add_differences(tx, channel, day, found.rows)
    await _settle(tx, [row.id for row in added if (row.kind, row.number) in found.made_good], MADE_GOOD)
    await _settle(tx, await store.came_after_all(tx, channel), CAME_LATER)
    return len(added)


@dataclass
class _Findings:
    """What one comparison found, and which of it is good already."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    made_good: set[tuple[str, str]] = field(default_factory=set)

    def add(self, row: Any, cause: Cause, detail: str, ours: int | None = None, theirs: int | None = None) -> None:
        """Note a difference."""
        self.rows.append(
            {
                "kind": row.kind, "number": row.number, "cause": cause.value, "detail": detail, "ours_fen": ours,
                "theirs_fen": theirs,
            }
        )  # fmt: skip


async def _compare_line(tx: Tx, channel: str, day: date, row: Any, rate_bp: int, found: _Findings) -> None:
    refund = row.kind == "refund"
    if row.ours is None:
        found.add(row, Cause.MISSING_HERE, "no such number of ours", theirs=row.amount_fen)
        return
    if row.ours_fen != row.amount_fen:
        found.add(row, Cause.AMOUNT, "the amounts differ", row.ours_fen, row.amount_fen)
    elif row.ours != ("done" if refund else "paid"):
        if not refund or row.said == "SUCCESS":
            await _make_good(tx, channel, day, row, found)
    elif refund and row.said in ("FAIL", "CHANGE"):
        found.add(row, Cause.STATE, f"the bill says {row.said}", row.ours_fen, row.amount_fen)
    if not is_fee_as_agreed(row.fee_fen, row.amount_fen, rate_bp, refund=refund):
        expected = expected_fee(row.amount_fen, rate_bp) * (-1 if refund else 1)
        found.add(row, Cause.FEE, f"agreed are {rate_bp} of 10000", expected, row.fee_fen)


async def _make_good(tx: Tx, channel: str, day: date, row: Any, found: _Findings) -> None:
    """Let the bill say what its notice did not: it ends where notices end."""
    word = Word.REFUNDED if row.kind == "refund" else Word.PAID
    source = f"bill:{day.isoformat()}"
    said = Answer(word, channel, row.number, row.amount_fen, row.provider_no, row.happened_at, source)
    verdict = await record_answer(tx, answer=said)
    found.add(row, Cause.STATE, f"ours was {row.ours}; {verdict.value}", row.ours_fen, row.amount_fen)
    if verdict in GOOD:
        found.made_good.add((row.kind, row.number))


def _fee_entries(channel: str, row: Any) -> list[Entry]:
    """Book the fee as the bill says it was taken, or given back."""
    if row.ref_id is None or row.ours is None or not row.fee_fen:
        return []
    kind = EntryKind.FEE if row.fee_fen > 0 else EntryKind.FEE_RETURNED
    origin = ("charge" if row.kind == "payment" else "refund", row.ref_id, f"bill:{row.number}")
    return [Entry(kind, abs(row.fee_fen), *origin, row.cycle_id, row.station_id, provider=channel)]


async def _settle(tx: Tx, ids: Sequence[int], note: str) -> None:
    if ids:
        await move_many(tx, DifferenceRow, DIFFERENCE, "settle", DifferenceRow.id.in_(ids), reason=note)
        await store.note_end(tx, ids, note)


async def explain(tx: Tx, *, difference_id: int, note: str) -> DifferenceRow:
    """Write why a difference is there; it stays in sight until it is settled. Refuses NoSuchDifference, WrongState."""
    return await _end(tx, difference_id, "explain", note)


async def settle(tx: Tx, *, difference_id: int, note: str) -> DifferenceRow:
    """Write how a difference was made good; twice is once. Refuses NoSuchDifference."""
    return await _end(tx, difference_id, "settle", note)


async def _end(tx: Tx, difference_id: int, verb: str, note: str) -> DifferenceRow:
    if await store.difference_row(tx, difference_id) is None:
        raise NoSuchDifference(f"no difference {difference_id}")
    if await move(tx, DifferenceRow, DIFFERENCE, verb, key={"id": difference_id}, reason=note):
        await store.note_end(tx, [difference_id], note)
    row = await store.difference_row(tx, difference_id)
    assert row is not None
    return row
