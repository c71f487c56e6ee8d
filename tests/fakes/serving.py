"""A real socket for a fake, and what all fakes share: delays, lost answers, notices waiting to be delivered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@contextmanager
def on_a_socket(app: Any) -> Iterator[str]:
    """Serve an application in a thread of its own and give its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@lru_cache(maxsize=16)
def key_of(whose: str) -> rsa.RSAPrivateKey:
    """A fresh RSA key of this run, the same for the same owner."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """The key as PKCS #8 text."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half as text."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Weather:
    """What goes wrong from now on: answers that come late, or are lost after the work was done."""

    delay_s: float = 0.0
    lose_answers: int = 0
    lost: int = 0

    async def strike(self) -> bool:
        """Wait as told; True when this answer is to be lost."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.lose_answers:
            self.lose_answers -= 1
            self.lost += 1
            return True
        return False


@dataclass
class Post:
    """A notice on its way: where to, and what is inside before it is signed."""

    url: str
    what: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    id: str = ""
