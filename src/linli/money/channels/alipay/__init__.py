"""Alipay: its open API with RSA2 signatures, and its notices as signed forms."""

from linli.money.channels.alipay.adapter import AlipayChannel
from linli.money.channels.alipay.wire import AlipayMerchant

__all__ = ["AlipayChannel", "AlipayMerchant"]
