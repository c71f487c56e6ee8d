"""Settings of route planning."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _depot(value: dict[str, int]) -> None:
    if value and set(value) != {"lat_e6", "lng_e6"}:
        raise ValueError("lat_e6 and lng_e6, or nothing")


def _speed(value: int) -> None:
    if not 1 <= value <= 33:
        raise ValueError("metres a second from 1 to 33")


def _iterations(value: int) -> None:
    if not 1 <= value <= 100_000:
        raise ValueError("iterations from 1 to 100000")


DEPOT: Setting[dict[str, int]] = declare(
    "fulfilment.depot", dict[str, int], {}, "仓库位置（百万分之一度，GCJ-02）；未设置时取各自提点的中心", _depot
)
SPEED_MPS: Setting[int] = declare("fulfilment.speed_mps", int, 7, "市区平均车速（米/秒），用于估算行驶时间", _speed)
ITERATIONS: Setting[int] = declare(
    "fulfilment.solver_iterations", int, 400, "线路求解的迭代次数，越大越省路程", _iterations
)
