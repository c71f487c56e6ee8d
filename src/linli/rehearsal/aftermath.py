"""After the day: rotten goods are made good, commission is earned, statements are written, the ledger is checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from linli.kernel.money import yuan
from linli.rehearsal.diary import Day, Placed, Told
from linli.rehearsal.persons import Json
from linli.rehearsal.town import Town

OPEN = frozenset({"opened", "answered", "verifying", "escalated"})


def peach() -> bytes:
    """Draw the photo of a peach with a rotten spot, as a phone would send it."""
    picture = Image.new("RGB", (640, 480), (236, 230, 222))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 70, 490, 410), fill=(244, 160, 140))
    draw.ellipse((300, 200, 420, 320), fill=(110, 72, 40))
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


async def rotten(day: Day) -> Told:
    """Some members send a photo of rotten pieces; the leader answers, customer service decides, money goes back."""
    await day.world.at(day.world.clock.now() + timedelta(hours=1))
    eaten = [order for order in day.standing() if order.collected and order.member is not None]
    found = [order for order in eaten if day.world.chance(day.shape.rotten)] or eaten[:1]
    cases = [case for case in await day.world.each(found, lambda order: _complain(day, order)) if case is not None]
    await day.world.step()
    automatic = sum(bool(case["automatic"]) for case in cases)
    for case in cases:
        await _decide(day, case)
    await day.world.step()
    worth = sum([await _given_back(day, case) for case in cases])
    figures = {"cases": len(cases), "cases_automatic": automatic, "case_refund_fen": worth}
    chinese = f"{len(cases)} 件售后（坏果有照片），小额自动 {automatic} 件，共退 ¥{yuan(worth)}"
    return Told(chinese, f"{len(cases)} cases with photos, {automatic} refunded at once", figures)


async def _complain(day: Day, order: Placed) -> Json | None:
    assert order.member is not None
    person = order.member.person
    shown = await person.get(f"/app/orders/{order.id}")
    line = next((line for line in shown["lines"] if line["collected_quantity"]), None)
    if line is None:
        return None
    photo = await person.upload("/app/photos", peach(), "image/jpeg")
    case = {"line_id": line["id"], "kind": "rotten", "quantity": 1, "story": "有一个烂了", "photos": [photo["name"]]}
    opened: Json = await person.post("/app/cases", case)
    return opened | {"order": order.id, "person": order}


async def _decide(day: Day, case: Json) -> None:
    """Let the leader answer and customer service decide what was not refunded by itself."""
    service = day.town.staff["customer_service"]
    now = (await service.get(f"/console/cases/{case['id']}"))["case"]
    if now["state"] == "opened":
        leader = case["person"].station.leader
        await leader.post(f"/leader/cases/{case['id']}/answer", {"answer": "看到照片了，马上处理"})
        now = (await service.get(f"/console/cases/{case['id']}"))["case"]
    if now["state"] in OPEN:
        decision = {"outcome": "refund", "quantity": 1, "liability": "supplier", "reply": "抱歉，已为您退款"}
        await service.post(f"/console/cases/{case['id']}/decision", decision)


async def _given_back(day: Day, case: Json) -> int:
    shown = await case["person"].member.person.get(f"/app/cases/{case['id']}")
    if shown["state"] in OPEN:
        raise AssertionError(f"case {case['id']} is still {shown['state']}")
    return int(shown["refund_fen"])


async def earnings(day: Day) -> Told:
    """What leaders earned on what was collected, and whether the ledger says the same."""
    await day.until("day_settled", timedelta(minutes=5))
    leaders = {station.leader.id: station.leader for station in day.town.stations}.values()
    pages = [await leader.get("/leader/earnings", limit=1) for leader in leaders]
    pending = sum(page["pending_fen"] for page in pages)
    check = await day.town.staff["finance"].get("/console/ledger/check")
    if not (check["balanced"] and check["subledger_agrees"]):
        raise AssertionError(f"the ledger disagrees: {check['differences'][:5]}")
    figures = {"ledger_accounts": check["accounts"]}
    chinese = f"团长待结佣金 ¥{yuan(pending)}；账本 {check['accounts']} 个账户，借贷相等，与订单、退款、提货一致"
    return Told(chinese, "commission is earned on what was collected; the ledger balances", figures)


async def statements(towns: Sequence[Town]) -> dict[str, int]:
    """Return how many weekly statements leaders got, and the fen that became theirs to take."""
    found = released = 0
    for town in towns:
        page = await town.staff["finance"].get("/console/statements", limit=200)
        found += len(page["items"])
        released += sum(item["released_fen"] for item in page["items"])
    return {"statements": found, "released_fen": released}


async def pay_back_by_hand(town: Town) -> int:
    """Let finance give back the cash refunds that wait for a person; returns how many."""
    finance = town.staff["finance"]
    done = 0
    while True:
        waiting = (await finance.get("/console/refunds", state="accepted", limit=200))["items"]
        by_hand = [refund for refund in waiting if refund["channel"] == "offline"]
        for refund in by_hand:
            await finance.post(f"/console/refunds/{refund['id']}/paid-back")
        done += len(by_hand)
        if not by_hand:
            return done
