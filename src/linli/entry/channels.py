"""Puts the payment channels of an installation in place, and in development the sandbox provider beside them."""

from __future__ import annotations

from pathlib import Path

import httpx2
from fastapi import FastAPI

from linli.money import ChannelSetup, SandboxChannel, SandboxKeys, SandboxProvider, build_sandbox, over_http
from linli.platform.installation import Installation

TIMEOUT = httpx2.Timeout(10.0, connect=3.0)


def put_channels(installation: Installation) -> None:
    """Give an installation its configured channels, and in development the sandbox channel over loopback HTTP."""
    installation.channels.update(ChannelSetup().channels(installation.clock.now))
    if installation.config.development:
        keys = sandbox_keys(installation)
        http = httpx2.AsyncClient(timeout=TIMEOUT)
        base_url = installation.config.base_url()
        installation.channels["sandbox"] = SandboxChannel(
            keys.for_merchant(), http=http, base_url=base_url, clock=installation.clock.now
        )


def sandbox_keys(installation: Installation) -> SandboxKeys:
    """Return the keys of this installation's sandbox, made at first use."""
    folder: Path = installation.config.home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    return SandboxKeys.kept_in(folder)


def serve_sandbox(app: FastAPI, installation: Installation) -> SandboxProvider:
    """Serve the sandbox provider under /sandbox of the same application; run its `run()` beside the server."""
    provider = build_sandbox(
        sandbox_keys(installation),
        clock=installation.clock.now,
        deliver=over_http(httpx2.AsyncClient(timeout=TIMEOUT)),
        state_path=installation.config.home / "sandbox" / "provider.sqlite",
    )
    app.router.routes.extend(provider.routes)
    return provider
