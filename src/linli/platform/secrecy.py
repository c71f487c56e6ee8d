"""Secrecy: texts sealed under the installation's key, blind indexes that find them unopened, and passwords as.

Hashes.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

FORM = "1."  # the first form of sealed texts; another cipher or key gets another number
NONCE = 12


class SealBroken(ValueError):
    """A sealed text was changed, was sealed for another context, or under another key."""


def seal(key: bytes, context: str, text: str) -> str:
    """Return the text sealed for one context (`people.phone`); sealing twice gives two different texts."""
    nonce = secrets.token_bytes(NONCE)
    locked = AESGCM(_derived(key, "seal")).encrypt(nonce, text.encode(), context.encode())
    return FORM + urlsafe_b64encode(nonce + locked).decode()


def unseal(key: bytes, context: str, sealed: str) -> str:
    """Return the text that was sealed for this context; raises SealBroken for everything else."""
    try:
        if not sealed.startswith(FORM):
            raise SealBroken("not a sealed text")
        raw = urlsafe_b64decode(sealed[len(FORM) :].encode())
        return AESGCM(_derived(key, "seal")).decrypt(raw[:NONCE], raw[NONCE:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the seal does not fit") from error


def blind(key: bytes, context: str, text: str) -> str:
    """Return the blind index of a text.

    Always the same for one context, and nothing to be read from it without the key.
    """
    return hmac.digest(_derived(key, "blind"), f"{context}\x00{text}".encode(), "sha256").hex()


@lru_cache(maxsize=16)
def _derived(key: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"linli.{use}".encode()).derive(key)


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; takes tens of milliseconds in a thread, so never inside a transaction."""
    return await asyncio.to_thread(_hasher().hash, password)


async def password_fits(password: str, hashed: str | None) -> bool:
    """Tell whether a password fits its hash.

    Without a hash it takes as long and is False, so that nobody learns which logins exist.
    """
    fits = await asyncio.to_thread(_hasher().verify, password, hashed or _nobodys_hash())
    return fits and hashed is not None


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))
