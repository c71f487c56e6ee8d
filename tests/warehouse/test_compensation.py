"""A neighbour whose goods did not come gets a coupon beside the money."""

from __future__ import annotations

import pytest

from linli.marketing.coupon.commands import make_defaults
from tests.supply.depot import Depot
from tests.warehouse.test_receiving import bought


@pytest.mark.rule("SHT-2")
@pytest.mark.parametrize(("in_use", "given"), [(True, 2), (False, 0)])
async def test_an_order_that_comes_short_brings_one_coupon_where_the_region_gives_any(
    depot: Depot, in_use: bool, given: int
) -> None:
    if in_use:
        await depot.do(make_defaults)
    await bought(depot)
    await depot.arrive(苹果=10)  # 13 are wanted, by three neighbours; two come out short
    await depot.drain()
    assert await depot.count("warehouse.short_lines") == 2
    assert await depot.count("marketing.coupons", "reason = '缺货补偿'") == given
    assert await depot.count("people.notices", "event = 'coupon.given'") == given
