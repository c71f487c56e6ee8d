"""The documentation page of the API, served whole from here: no request leaves the installation."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

STATIC = Path(fastapi_offline.__file__).parent / "static"
PAGE = {"docExpansion": "none", "filter": True, "tagsSorter": "alpha", "displayRequestDuration": True}


def serve_documentation(app: FastAPI) -> None:
    """Serve /docs with its script and style sheet from the installation itself."""
    app.mount("/docs/static", StaticFiles(directory=STATIC), name="documentation")

    @app.get("/docs", include_in_schema=False, operation_id="docs")
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Linli 邻里 · API",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon.png",
            swagger_ui_parameters=PAGE,
        )
