"""The sandbox payment provider: a stranger's house with its own memory, which we only reach over HTTP."""

from linli.money.channels.sandbox_provider.app import SandboxProvider, build_sandbox
from linli.money.channels.sandbox_provider.delivery import Deliver, Delivery, over_http
from linli.money.channels.sandbox_provider.faults import NO_FAULTS, Faults

__all__ = ["NO_FAULTS", "Deliver", "Delivery", "Faults", "SandboxProvider", "build_sandbox", "over_http"]
