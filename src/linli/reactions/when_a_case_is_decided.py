"""When something was wrong: leaders read of complaints, small ones are refunded at once, members learn how they end."""

from __future__ import annotations

from linli import aftersale, money, people
from linli.kernel.money import yuan
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(aftersale.CaseOpened)
async def the_leader_reads_of_a_complaint(tx: Tx, fact: aftersale.CaseOpened) -> None:
    """Tell the leader what is wrong with which goods."""
    words = aftersale.KIND_WORDS[aftersale.Kind(fact.kind)]
    facts = {"case_id": str(fact.case_id), "product": fact.product, "kind": words}
    await people.notify(tx, to=f"leader:{fact.leader_id}", event="case.opened", facts=facts)


@when(aftersale.CaseOpened)
async def a_small_clear_case_is_refunded(tx: Tx, fact: aftersale.CaseOpened) -> None:
    """Give the money back without a person where the region's policy and budget allow it."""
    await aftersale.refund_small(tx, case_id=fact.case_id)


@when(aftersale.CaseAnswered)
async def the_member_reads_the_answer(tx: Tx, fact: aftersale.CaseAnswered) -> None:
    """Tell the member the first answer."""
    facts = {"case_id": str(fact.case_id), "answer": fact.answer}
    await people.notify(tx, to=f"member:{fact.member_id}", event="case.answered", facts=facts)


@when(aftersale.CaseEscalated)
async def operators_read_of_a_disagreement(tx: Tx, fact: aftersale.CaseEscalated) -> None:
    """Put a case on which people do not agree before the operators."""
    text = f"售后单 {fact.case_id}（{fact.product}）：{fact.reason}"
    await people.notify(
        tx, to="staff:operator", event="case.escalated", facts={"title": "售后单升级处理", "text": text}
    )


@when(aftersale.CaseDecided)
async def the_member_reads_the_decision(tx: Tx, fact: aftersale.CaseDecided) -> None:
    """Tell the member what was decided, or what to agree to."""
    refund = f"退款 {yuan(fact.refund_fen)} 元" if fact.outcome == aftersale.Outcome.REFUND else "未通过"
    wait = "，请确认是否同意" if fact.asks_member else ""
    facts = {"case_id": str(fact.case_id), "decision": f"{refund}，{fact.reply}{wait}"}
    await people.notify(tx, to=f"member:{fact.member_id}", event="case.decided", facts=facts)


@when(money.RefundDone)
async def a_case_ends_with_its_refund(tx: Tx, fact: money.RefundDone) -> None:
    """End the case whose money came back."""
    await aftersale.finish_refunded(tx, order_id=fact.order_id, refund_id=fact.refund_id)


@when(aftersale.CaseDone)
async def the_member_is_asked_how_it_went(tx: Tx, fact: aftersale.CaseDone) -> None:
    """Tell the member that the case is done, and ask for a rating."""
    text = f"售后单 {fact.case_id}（{fact.product}）已完成，退款 {yuan(fact.refund_fen)} 元，欢迎评价。"
    await people.notify(
        tx, to=f"member:{fact.member_id}", event="case.done", facts={"title": "售后单已完成", "text": text}
    )
