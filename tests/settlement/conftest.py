"""The village of the settlement tests."""

from __future__ import annotations

from tests.ordering.conftest import village

__all__ = ["village"]
