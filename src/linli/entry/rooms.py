"""The list of rooms as the entry sees them: their tables, routes, jobs and reactions are gathered here."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter

import linli

ORDER = (
    "people", "catalog", "money", "sale", "marketing", "ordering",
    "supply", "warehouse", "fulfilment", "aftersale", "settlement", "insight",
)  # fmt: skip


def modules(name: str) -> list[str]:
    """Return the dotted names of every topic's module called `name`, in the order of the day."""
    found: list[str] = []
    for room in ORDER:
        path = [f"{base}/{room}" for base in linli.__path__]
        for topic in pkgutil.iter_modules(path):
            if topic.ispkg:
                inside = pkgutil.iter_modules([f"{base}/{topic.name}" for base in path])
                found.extend(f"linli.{room}.{topic.name}.{m.name}" for m in inside if m.name == name)
    return found


def load_tables() -> None:
    """Import every table of every room, so that the metadata is whole."""
    for platform in ("sequences", "machines", "outbox", "idempotency", "settings"):
        importlib.import_module(f"linli.platform.{platform}")
    for name in modules("records"):
        importlib.import_module(name)


def load_routers() -> list[APIRouter]:
    """Import every topic's routes and return its routers in the order of the day."""
    return [router for name in modules("http") for router in importlib.import_module(name).routers]


def load_work() -> None:
    """Import every job and reaction, so that the runner finds them."""
    for name in [*modules("jobs"), *modules("settings")]:
        importlib.import_module(name)
    importlib.import_module("linli.reactions")
