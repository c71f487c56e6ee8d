"""Bench 量尺: how fast the installation is on this machine, beside what the machine can do at all."""

from linli.bench.database import Ground, ground
from linli.bench.goods import bench_import
from linli.bench.market import Surroundings
from linli.bench.night import NightWanted, bench_night
from linli.bench.orders import OrdersWanted, bench_orders
from linli.bench.payments import PaymentsWanted, bench_payments
from linli.bench.price import bench_price

__all__ = [
    "Ground",
    "NightWanted",
    "OrdersWanted",
    "PaymentsWanted",
    "Surroundings",
    "bench_import",
    "bench_night",
    "bench_orders",
    "bench_payments",
    "bench_price",
    "ground",
]
