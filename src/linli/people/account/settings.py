"""How often codes may be asked for."""

from __future__ import annotations

from typing import Annotated

import msgspec

from linli.platform.settings import declare

_Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

CODES_PER_PHONE = declare("people.codes_per_phone", _Positive, 5, "一个手机号每小时可获取的验证码条数")
CODES_PER_ADDRESS = declare(
    "people.codes_per_address", _Positive, 300, "一个网络地址每小时可获取的验证码条数（开发模式不限）"
)
