"""RSA signatures as WeChat Pay and Alipay use them: SHA-256 with PKCS #1 v1.5, base64 in its one canonical spelling."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key, load_pem_public_key

BODY_LIMIT = 64 * 1024
WINDOW = timedelta(minutes=5)
SHANGHAI = ZoneInfo("Asia/Shanghai")
_PADDING, _HASH = PKCS1v15(), SHA256()


def signed_by(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Tell whether the holder of the key signed exactly these bytes; a looser spelling of base64 is no signature."""
    raw = plain_base64(signature)
    if raw is None:
        return False
    try:
        key.verify(raw, message, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def plain_base64(text: str) -> bytes | None:
    """Decode base64 as an encoder would have written it; None for anything else."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def private_key_of(pem: str) -> RSAPrivateKey:
    """Read an RSA private key; ValueError for anything else."""
    key = load_pem_private_key(_framed(pem, "PRIVATE KEY").encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def public_key_of(pem: str) -> RSAPublicKey:
    """Read an RSA public key, with or without the lines around it, as providers show them; ValueError otherwise."""
    framed = "BEGIN" in pem
    key = load_pem_public_key(pem.encode()) if framed else load_der_public_key(base64.b64decode("".join(pem.split())))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def _framed(text: str, what: str) -> str:
    return text if "BEGIN" in text else f"-----BEGIN {what}-----\n{text.strip()}\n-----END {what}-----\n"


def fen_of(yuan: str) -> int:
    """Read an amount in yuan with at most two decimals, signed, as whole fen; ValueError for anything else."""
    try:
        fen = Decimal(yuan.strip()) * 100
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not fen.is_finite() or fen != fen.to_integral_value() or abs(fen) > 10**13:
        raise ValueError("not an amount in fen")
    return int(fen)


def yuan_of(fen: int) -> str:
    """Write whole fen as yuan with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"
