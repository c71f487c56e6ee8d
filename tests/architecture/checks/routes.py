"""Routes: every one says for whom it is and what permission it takes, and has a name in the generated clients."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import BaseRoute

AUDIENCES = frozenset({"app", "leader", "supplier", "driver", "warehouse", "console", "hooks"})
OTHERS = frozenset({"health", "healthz", "metrics", "docs", "redoc", "openapi.json", "sandbox"})


@dataclass(frozen=True)
class Route:
    """One route as the world reaches it."""

    path: str
    endpoint: Any
    operation_id: str | None
    is_api: bool


def check_routes(app: Starlette) -> list[str]:
    """Refuse routes without audience, permission or operation id, under a wrong prefix, or beside the known ones."""
    wrong = []
    routes = list(walk(app.routes))
    for route in routes:
        wrong += [f"{route.path}: {words}" for words in _of_route(route)]
    for name, times in Counter(route.operation_id for route in routes if route.operation_id).items():
        if times > 1:
            paths = ", ".join(route.path for route in routes if route.operation_id == name)
            wrong.append(f"{paths}: share the operation_id {name}; each route has its own")
    return wrong


def walk(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[Route]:
    """Yield every route an application answers, included routers and mounted applications too, with its whole path."""
    for context in iter_route_contexts(list(routes)):
        path = prefix + str(context.path or "")
        original = context.original_route
        inner = getattr(original, "app", None)
        mounted = isinstance(inner, Starlette) or hasattr(inner, "routes")
        if mounted and not isinstance(original, APIRoute) and getattr(original, "endpoint", None) is None:
            yield from walk(inner.routes, path)  # type: ignore[union-attr]
            continue
        endpoint = getattr(context, "endpoint", None) or inner
        declared = getattr(_bare(endpoint), "__access__", None)
        name = getattr(context, "operation_id", None) or getattr(declared, "operation_id", None)
        yield Route(path, endpoint, name, isinstance(original, APIRoute))


def _of_route(route: Route) -> Iterator[str]:
    first = route.path.strip("/").split("/")[0]
    if first not in AUDIENCES:
        if first not in OTHERS:
            known = ", ".join(f"/{name}" for name in sorted(AUDIENCES | OTHERS))
            yield f"is under no known prefix ({known})"
        return
    if not route.operation_id and route.is_api:
        yield "has no operation_id; the generated client needs a name for it"
    access = getattr(_bare(route.endpoint), "__access__", None)
    if access is None:
        yield "declares no access; say its audience and its permission"
        return
    if access.audience != first:
        yield f"is declared for {access.audience} and stands under /{first}; prefix and audience are the same word"
    if not access.permission and not (getattr(access, "public_reason", "") or "").strip():
        yield "declares no permission; name one, or say why anybody may call it (public_reason)"


def _bare(endpoint: Any) -> Any:
    """Return the innermost function that carries the declared access, partials and wrappers taken off."""
    while endpoint is not None and not hasattr(endpoint, "__access__"):
        inner = getattr(endpoint, "func", None) or getattr(endpoint, "__wrapped__", None)
        if inner is None:
            return inspect.unwrap(endpoint) if callable(endpoint) else endpoint
        endpoint = inner
    return endpoint
