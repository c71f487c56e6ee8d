"""Signatures and seals of the sandbox protocol: Ed25519 over the raw bytes, AES-256-GCM around notices."""

import base64
import binascii
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TIMESTAMP, NONCE, SIGNATURE, SERIAL = "sandbox-timestamp", "sandbox-nonce", "sandbox-signature", "sandbox-serial"
WINDOW = timedelta(minutes=5)
BODY_LIMIT = 64 * 1024
DEFAULT_MERCHANT = "sandbox-merchant"

_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9]{8,64}", re.ASCII)
_MERCHANT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class NotGenuine(ValueError):
    """A message that cannot be believed; `reason` is signature, serial, stale or malformed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def serial_of(key: Ed25519PublicKey) -> str:
    """The short public name of a key: the beginning of its fingerprint."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32].upper()


def _message(first: Sequence[str], timestamp: str, nonce: str, body: bytes) -> bytes:
    return "\n".join((*first, timestamp, nonce, "")).encode() + body + b"\n"


@dataclass(frozen=True)
class Signer:
    """Signs what one side sends."""

    key: Ed25519PrivateKey = field(repr=False)

    def headers(self, body: bytes, *, at: datetime, nonce: str = "", first: Sequence[str] = ()) -> dict[str, str]:
        """The four headers that vouch for `body` at the instant `at`; `first` are further lines to be signed."""
        timestamp = str(int(at.timestamp()))
        nonce = nonce or secrets.token_hex(16)
        signature = self.key.sign(_message(first, timestamp, nonce, body))
        return {
            TIMESTAMP: timestamp,
            NONCE: nonce,
            SIGNATURE: base64.b64encode(signature).decode(),
            SERIAL: serial_of(self.key.public_key()),
        }


@dataclass(frozen=True)
class Verifier:
    """Believes only the keys it knows by serial; several may be valid while one replaces another."""

    keys: Mapping[str, Ed25519PublicKey]

    def check(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime, nonce: str = "", first: Sequence[str] = ()
    ) -> None:
        """Raise `NotGenuine` unless a known key signed exactly these bytes within five minutes of `now`.

        With `nonce` the message must carry that very nonce, so that an answer fits its question.
        """
        given = {name.lower(): value for name, value in headers.items()}
        timestamp, sent_nonce, serial = (given.get(name, "") for name in (TIMESTAMP, NONCE, SERIAL))
        if len(body) > BODY_LIMIT or not (_TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(sent_nonce)):
            raise NotGenuine("malformed")
        signature = _plain(given.get(SIGNATURE, ""))
        key = self.keys.get(serial)
        if len(signature) != 64:
            raise NotGenuine("malformed")
        if key is None:
            raise NotGenuine("serial")
        if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
            raise NotGenuine("stale")
        if nonce and nonce != sent_nonce:
            raise NotGenuine("signature")
        try:
            key.verify(signature, _message(first, timestamp, sent_nonce, body))
        except InvalidSignature:
            raise NotGenuine("signature") from None


def _plain(text: str) -> bytes:
    """Decode base64 in its one canonical spelling: a looser reader would accept changed letters."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise NotGenuine("malformed") from None
    if not raw or base64.b64encode(raw).decode() != text:
        raise NotGenuine("malformed")
    return raw


def seal(key: bytes, plain: bytes, binding: bytes) -> tuple[str, str]:
    """Encrypt a notice and bind the outer words to it; gives nonce and ciphertext as base64.

    The nonce is derived from the content, so that it repeats only where the whole message does.
    """
    nonce = hashlib.blake2b(binding + b"\n" + plain, key=key, digest_size=12).digest()
    sealed = AESGCM(key).encrypt(nonce, plain, binding)
    return base64.b64encode(nonce).decode(), base64.b64encode(sealed).decode()


def unseal(key: bytes, nonce: str, sealed: str, binding: bytes) -> bytes:
    """Open a sealed notice, or raise `NotGenuine`."""
    raw_nonce, raw_sealed = _plain(nonce), _plain(sealed)
    if len(raw_nonce) != 12:
        raise NotGenuine("malformed")
    try:
        return AESGCM(key).decrypt(raw_nonce, raw_sealed, binding)
    except InvalidTag:
        raise NotGenuine("malformed") from None


@dataclass(frozen=True)
class KeyRing:
    """What one side holds: its own signing key, the other's public keys, and the seal both share."""

    merchant: str
    signer: Signer = field(repr=False)
    verifier: Verifier = field(repr=False)
    seal_key: bytes = field(repr=False)


@dataclass(frozen=True)
class SandboxKeys:
    """Both sides' keys of one installation."""

    merchant: str
    merchant_key: Ed25519PrivateKey = field(repr=False)
    provider_key: Ed25519PrivateKey = field(repr=False)
    seal_key: bytes = field(repr=False)

    @classmethod
    def generate(cls, merchant: str = DEFAULT_MERCHANT) -> Self:
        """Fresh random keys."""
        return cls._of([secrets.token_bytes(32) for _ in range(3)], merchant)

    @classmethod
    def from_seed(cls, seed: int | str, merchant: str = DEFAULT_MERCHANT) -> Self:
        """The same keys for the same seed: for simulations, never for an installation."""
        return cls._of([hashlib.sha256(f"linli sandbox {seed} {n}".encode()).digest() for n in range(3)], merchant)

    @classmethod
    def _of(cls, secret: Sequence[bytes], merchant: str) -> Self:
        if not _MERCHANT.fullmatch(merchant):
            raise ValueError("a merchant id has 1 to 64 letters, digits, _ or -")
        if [len(part) for part in secret] != [32, 32, 32]:
            raise ValueError("the sandbox needs three keys of 32 bytes")
        keys = [Ed25519PrivateKey.from_private_bytes(part) for part in secret[:2]]
        return cls(merchant, keys[0], keys[1], secret[2])

    @classmethod
    def from_files(cls, folder: Path) -> Self:
        """Read what `to_files` wrote; raises `FileNotFoundError` if there is nothing, `ValueError` if it is broken."""
        merchant, *secret = (folder / "sandbox.keys").read_text("ascii").split() or [""]
        return cls._of([bytes.fromhex(part) for part in secret], merchant)

    def to_files(self, folder: Path) -> None:
        """Write the keys where only the owner reads them; raises `FileExistsError` rather than overwrite."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw = (self.merchant_key.private_bytes_raw(), self.provider_key.private_bytes_raw(), self.seal_key)
        draft = folder / f"sandbox.keys.{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write("\n".join((self.merchant, *(part.hex() for part in raw))) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, folder / "sandbox.keys")
        finally:
            draft.unlink()

    @classmethod
    def kept_in(cls, folder: Path) -> Self:
        """The installation's keys, made at first use; of two processes starting at once both get the same."""
        if not (folder / "sandbox.keys").exists():
            with contextlib.suppress(FileExistsError):
                cls.generate().to_files(folder)
        return cls.from_files(folder)

    def for_merchant(self) -> KeyRing:
        """Our side's half."""
        return self._ring(self.merchant_key, self.provider_key)

    def for_provider(self) -> KeyRing:
        """The provider's half."""
        return self._ring(self.provider_key, self.merchant_key)

    def _ring(self, own: Ed25519PrivateKey, other: Ed25519PrivateKey) -> KeyRing:
        public = other.public_key()
        return KeyRing(self.merchant, Signer(own), Verifier({serial_of(public): public}), self.seal_key)
