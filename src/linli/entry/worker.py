"""The worker: moves the outbox on, works the job queue and keeps the clock, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from linli.entry import clock
from linli.platform.installation import Installation

log = structlog.get_logger()
PASS_EVERY, TICK_EVERY, DAILY_EVERY = 0.2, 5.0, 3600.0


async def work(installation: Installation, stop: asyncio.Event) -> None:
    """Run until `stop` is set; an error of the database is logged and tried again."""
    jobs = asyncio.create_task(_jobs(installation))
    try:
        await asyncio.gather(_outbox(installation, stop), _clock(installation, stop))
    finally:
        jobs.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await jobs


async def _jobs(installation: Installation) -> None:
    while True:
        try:
            await installation.queue.run_worker_async(
                concurrency=4, install_signal_handlers=False, delete_jobs="successful", fetch_job_polling_interval=1.0
            )
            log.error("queue_worker_stopped")  # nobody told it to: it lost its listening connection
        except Exception as error:  # it gives up when the database is away; jobs wait in the queue
            log.error("queue_worker_failed", error=str(error)[:300])
        await asyncio.sleep(1)


async def _outbox(installation: Installation, stop: asyncio.Event) -> None:
    while not stop.is_set():
        ran = 0
        try:
            ran = await installation.runner.pass_outbox()
        except Exception as error:  # the database may be away for a while; facts wait in the outbox
            log.error("outbox_pass_failed", error=str(error)[:300])
            await asyncio.sleep(1)
        if not ran:
            await _pause(stop, PASS_EVERY)


async def _clock(installation: Installation, stop: asyncio.Event) -> None:
    daily_at = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= daily_at:
                await clock.daily(installation)
                daily_at = time.monotonic() + DAILY_EVERY
            await clock.tick(installation)
        except Exception as error:  # the database may be away for a while; what is due stays due
            log.error("tick_failed", error=str(error)[:300])
        await _pause(stop, TICK_EVERY)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
