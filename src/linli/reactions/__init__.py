"""The story of the business: when this happened, do that; every module here is imported so that the runner knows it."""

import importlib
import pkgutil

for _module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
