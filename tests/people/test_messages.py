"""What people are told, and that they read only what was told to them."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.people import notify
from linli.people.contact.rules import TEMPLATES, RecipientUnknown, compose
from linli.platform.database import Tx
from tests.people_cast import Cast, Person, done


async def tell(cast: Cast, to: str, event: str = "order.short", **facts: Any) -> None:
    async def work(tx: Tx) -> None:
        await notify(tx, to=to, event=event, facts=facts)

    await cast.installation.db.run(work, cast.region_id, by="test")


async def texts(person: Person) -> list[str]:
    return [each["text"] for each in done(await person.get(f"/{person.session.audience}/messages"))["items"]]


@pytest.mark.rule("MSG-1")
async def test_everybody_reads_what_was_told_to_them_and_nothing_else(cast: Cast) -> None:
    leader = await cast.leader()
    first, second = await cast.members(["李阿姨", "张叔"], leader)
    operator, finance = await cast.operator(regional=True), await cast.finance(regional=True)
    await tell(cast, f"member:{first.id}", product="菠菜", quantity=2, amount_fen=598)
    await tell(cast, "staff:finance", "refund.stuck", refund_id="7", amount_fen=100)
    assert await texts(first) == ["菠菜 缺 2 份，退款 5.98 元将原路退回，给您添麻烦了。"]
    assert await texts(second) == []
    assert await texts(finance) == ["退款 7（1.00 元）未能退回，请人工处理。"]
    assert await texts(operator) == []


async def test_messages_are_read_newest_first_page_by_page_and_marked(cast: Cast) -> None:
    member = await cast.member()
    for number in range(5):
        await tell(cast, f"member:{member.id}", "order.cancelled", serial=number, reason="测试")
    page = done(await member.get("/app/messages?limit=2"))
    assert [each["text"] for each in page["items"]] == [f"订单 {n} 已取消：测试。" for n in (4, 3)]
    assert page["unread"] == 5
    rest = done(await member.get(f"/app/messages?before={page['next']}"))
    assert len(rest["items"]) == 3
    done(await member.post("/app/messages/read", {"upto": page["next"]}))
    assert done(await member.get("/app/messages"))["unread"] == 1


@pytest.mark.parametrize(
    "to", ["", "member:", "member:0", "member:x", "nobody:1", "staff:", "staff:A", "member:1 ", "leader:-1"]
)
async def test_nobody_is_told_by_an_address_that_is_none(cast: Cast, to: str) -> None:
    with pytest.raises(RecipientUnknown):
        await tell(cast, to)


@given(
    st.sampled_from(sorted(TEMPLATES)),
    st.dictionaries(st.sampled_from(["serial", "amount_fen", "station"]), st.none() | st.integers()),
)
def test_every_message_can_be_written_whatever_is_missing(event: str, facts: dict[str, Any]) -> None:
    message = compose(event, facts)
    assert message.title
    assert "{" not in message.text
    assert "None" not in message.text


def test_no_template_asks_for_a_phone_or_a_code_of_the_account() -> None:
    for template in TEMPLATES.values():
        names = {name for _, name, _, _ in string.Formatter().parse(template.text) if name}
        assert not names & {"phone", "code", "password"}


def test_an_event_without_template_says_its_own_text() -> None:
    assert compose("something.new", {"title": "新", "text": "有新事"}).text == "有新事"
    assert compose("something.new", {}).text == "something.new"
