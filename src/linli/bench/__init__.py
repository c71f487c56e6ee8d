"""Bench 量尺: how fast the installation is on this machine, beside what the machine can do at all."""

from linli.bench.database import Ground, ground
from linli.bench.market import Surroundings
from linli.bench.orders import OrdersWanted, bench_orders

__all__ = ["Ground", "OrdersWanted", "Surroundings", "bench_orders", "ground"]
