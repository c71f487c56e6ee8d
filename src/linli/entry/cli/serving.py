"""`linli serve`, `linli worker`, `linli admin`: the long-running programs, and the one-time link for the first
administrator."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer
import uvicorn

import linli.people
from linli.entry import worker as working
from linli.entry.channels import serve_sandbox
from linli.entry.opening import opened
from linli.entry.web import build_app
from linli.platform.config import Config
from linli.platform.loop import run_quickly, spare_collections
from linli.platform.telemetry import configure_logs

admin = typer.Typer(help="Administrators of this installation.", no_args_is_help=True)


@admin.callback()
def _group() -> None:
    """Administrators of this installation."""


@admin.command()
def invite() -> None:
    """Print a one-time token with which the first administrator chooses a log-in and password."""

    async def run() -> str:
        async with opened(Config()) as installation:
            return await installation.db.run(linli.people.invite_administrator, 0, by="cli")

    typer.echo(asyncio.run(run()))


def serve(
    port: Annotated[int | None, typer.Option(help="port on loopback")] = None,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="also work the outbox and the jobs here")
    ] = True,
) -> None:
    """Serve the API and its documentation on loopback."""
    config = Config() if port is None else Config(port=port)
    configure_logs(config.log_level)
    run_quickly(serve_until_stopped(config, with_worker=with_worker))


async def serve_until_stopped(config: Config, *, with_worker: bool) -> None:
    """Serve one installation until it is interrupted; the worker stops with it."""
    async with opened(config) as installation:
        stop = asyncio.Event()
        app = build_app(installation)
        spare_collections()
        sandbox = asyncio.create_task(serve_sandbox(app, installation).run()) if config.development else None
        listen = uvicorn.Config(app, host=config.host, port=config.port, log_level="warning", access_log=False)
        server = uvicorn.Server(listen)
        typer.echo(f"Linli listens on {config.base_url()}  (documentation: {config.base_url()}/docs)")
        beside = asyncio.create_task(working.work(installation, stop)) if with_worker else None
        await server.serve()
        stop.set()
        if sandbox is not None:
            sandbox.cancel()
        if beside is not None:
            await beside


def worker() -> None:
    """Work the outbox, the jobs and the clock until interrupted."""
    config = Config()
    configure_logs(config.log_level)

    async def run() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with opened(config) as installation:
            await working.work(installation, stop)

    asyncio.run(run())
