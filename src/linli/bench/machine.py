"""The machine under a bench: cores, how fast one core is, how long the disk takes to keep something."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from pathlib import Path
from typing import Any

BLOCK = b"\x5a" * 4096
SYNCS, YARDS = 60, 5
LOOPS = 300_000


def measure_machine(folder: Path) -> dict[str, Any]:
    """Return cores, how fast one is (ms of fixed Python, sha256 MB/s), and the latency of fsync in `folder` (µs)."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python_yardstick_ms": round(min(_yard() for _ in range(YARDS)) * 1_000, 2),
        "sha256_mb_per_s": round(max(_hashing() for _ in range(YARDS))),
        "fsync_p50_us": round(statistics.median(fsyncs(folder)) * 1_000_000),
        "load_before": round(os.getloadavg()[0], 2),
    }


def fsyncs(folder: Path) -> list[float]:
    """Return how many seconds each of some small writes took until the disk had kept it."""
    path = folder / "fsync-probe"
    taken = []
    with path.open("wb", buffering=0) as probe:
        for _ in range(SYNCS):
            began = time.perf_counter()
            probe.write(BLOCK)
            os.fsync(probe.fileno())
            taken.append(time.perf_counter() - began)
    path.unlink()
    return taken


def _yard() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(LOOPS):
        total += number * number % 7
    return time.perf_counter() - began


def _hashing() -> float:
    block = BLOCK * 256
    began = time.perf_counter()
    for _ in range(8):
        hashlib.sha256(block).digest()
    return 8 * len(block) / 1_000_000 / (time.perf_counter() - began)
