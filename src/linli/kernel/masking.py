"""Masking: showing a person's phone or name so that neighbours can be told apart and nobody can be called."""


def mask_phone(phone: str) -> str:
    """Hide the middle of a phone number: "13812345678" is "138****5678"; a short number shows its last two digits."""
    plain = "".join(sign for sign in phone if sign not in " -\t").removeprefix("+86")
    if len(plain) >= 11:
        return plain[:3] + "*" * (len(plain) - 7) + plain[-4:]
    shown = 2 if len(plain) >= 6 else 0
    return "*" * (len(plain) - shown) + plain[len(plain) - shown :]


def mask_name(name: str) -> str:
    """Hide the middle of a name: "张三丰" is "张*丰", "张三" is "张*"; a single sign is hidden whole."""
    plain = name.strip()
    if len(plain) <= 2:
        return plain[: len(plain) - 1] + "*" * min(len(plain), 1)
    return plain[0] + "*" * (len(plain) - 2) + plain[-1]
