"""The event loop of the programs: uvloop where there is one, which makes a wait on a socket cheap."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_quickly(work: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine to its end, on uvloop where it is installed."""
    try:
        from uvloop import new_event_loop
    except ImportError:  # there is none for Windows
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


def spare_collections() -> None:
    """Let the garbage collector leave alone what stays for the program's life, and look at the rest less often.

    Called when everything is imported: a full collection of the modules alone takes tens of milliseconds, in which
    nobody is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
