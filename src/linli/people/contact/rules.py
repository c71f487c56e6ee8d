"""The Chinese words of every event that somebody is told about, and how facts are put into them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from linli.kernel.money import yuan
from linli.kernel.refusals import BadInput
from linli.people.contact.model import Message

RECIPIENT = re.compile(r"(?:member|leader|supplier|driver):[1-9][0-9]{0,18}|staff:[a-z_]{3,40}")
UNKNOWN = "—"

# A name that ends in _fen is written in yuan.
TEMPLATES: dict[str, Message] = {
    "member.joined": Message("欢迎加入邻里", "{nickname}，您的自提点是 {station}。"),
    "member.rebound": Message("自提点已更换", "您的自提点已换为 {station}。"),
    "station.opened": Message("自提点已开通", "自提点 {station} 已开通，可以开始接单。"),
    "cycle.opened": Message("新团期开团", "{delivery_date} 送达的团期已开团，截单时间 {cut_off}。"),
    "cycle.closed": Message("团期已截单", "{delivery_date} 送达的团期已截单。"),
    "order.placed": Message("下单成功", "订单 {serial} 已提交，应付 {amount_fen} 元，请在 {pay_before} 前付款。"),
    "order.paid": Message("付款成功", "订单 {serial} 已付 {amount_fen} 元，提货码 {pickup_code}。"),
    "order.cancelled": Message("订单已取消", "订单 {serial} 已取消：{reason}。"),
    "order.expired": Message("订单已超时关闭", "订单 {serial} 未在规定时间内付款，已自动关闭。"),
    "order.paid_late": Message("订单关闭后收到付款", "订单 {serial} 已关闭，所付 {amount_fen} 元将原路退回。"),
    "order.short": Message("缺货退款", "{product} 缺 {quantity} 份，退款 {amount_fen} 元将原路退回，给您添麻烦了。"),
    "order.on_the_way": Message("商品配送中", "您在 {station} 的商品已出发，预计 {arrives_at} 到站。"),
    "order.arrived": Message("商品已到站", "您的商品已到 {station}，请凭提货码 {pickup_code} 提货。"),
    "order.uncollected": Message("提货提醒", "您在 {station} 还有商品未提，请在 {until} 前提货。"),
    "order.collected": Message("提货完成", "订单 {serial} 已提货，如有问题请及时申请售后。"),
    "refund.done": Message("退款已到账", "退款 {amount_fen} 元已原路退回。"),
    "refund.stuck": Message("退款需要处理", "退款 {refund_id}（{amount_fen} 元）未能退回，请人工处理。"),
    "case.opened": Message("新的售后单", "售后单 {case_id}：{product}，{kind}，请尽快答复。"),
    "case.answered": Message("售后单有新答复", "售后单 {case_id}：{answer}"),
    "case.decided": Message("售后单已处理", "售后单 {case_id} 处理结果：{decision}。"),
    "case.overdue": Message("售后单即将超时", "售后单 {case_id} 将在 {until} 超时，请尽快处理。"),
    "po.sent": Message("新的采购单", "采购单 {po_id}：请于 {arrive_by} 前送达。"),
    "po.confirmed": Message("采购单已确认", "供应商 {supplier} 已确认采购单 {po_id}。"),
    "receipt.difference": Message("收货差异", "采购单 {po_id} 收货差异：{product} 差 {quantity}。"),
    "shortage.allocated": Message("缺货已分配", "{delivery_date} 团期缺货已分配，涉及 {orders} 单，请告知邻居。"),
    "sorting.finished": Message("分拣完成", "{delivery_date} 团期分拣完成，可以装车。"),
    "run.planned": Message("配送线路已安排", "{delivery_date} 的线路已安排：{stops} 个站点。"),
    "run.departed": Message("车辆已出发", "配送车辆已出发，预计 {arrives_at} 到达 {station}。"),
    "handover.delivered": Message("商品待签收", "{station} 的 {totes} 个周转箱已送达，请清点签收。"),
    "handover.difference": Message("交接数量不符", "{station} 交接不符：应收 {expected}，实收 {counted}。"),
    "commission.accrued": Message("佣金已计提", "订单 {serial} 佣金 {amount_fen} 元已计提。"),
    "statement.made": Message("结算单已生成", "{period} 结算单已生成，可结算 {amount_fen} 元。"),
    "payment.quarantined": Message("收款通知异常", "渠道 {channel} 的通知与订单不符（{reason}），请核对。"),
    "outbox.parked": Message("后台任务需要处理", "任务 {what} 多次失败，已暂停，请处理。"),
}
SIGN_IN_CODE = "【邻里】验证码 {code}，{minutes} 分钟内有效，请勿告诉他人。"


class RecipientUnknown(BadInput):
    """The recipient is none of member:ID, leader:ID, supplier:ID, driver:ID, staff:ROLE."""

    title = "收件人不明"


def check_recipient(to: str) -> None:
    """Refuse RecipientUnknown unless the text names one kind of person and who."""
    if RECIPIENT.fullmatch(to) is None:
        raise RecipientUnknown(f"nobody is addressed as {to[:60]}", to=to[:60])


def compose(event: str, facts: Mapping[str, object]) -> Message:
    """Return what a person reads about an event.

    A fact that is missing shows as a dash, an unknown event as its own `text`.
    """
    template = TEMPLATES.get(event)
    if template is None:
        return Message(str(facts.get("title") or "通知"), str(facts.get("text") or event))
    shown = _Shown({name: _readable(name, value) for name, value in facts.items()})
    return Message(template.title, template.text.format_map(shown))


class _Shown(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return UNKNOWN


def _readable(name: str, value: object) -> str:
    if name.endswith("_fen") and isinstance(value, int) and not isinstance(value, bool):
        return yuan(value)
    return UNKNOWN if value is None else str(value)
