"""Encryption at rest, for what must be shown or used again."""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tenants.keys import keys_for


class Unreadable(ValueError):
    """Sealed under a secret that this installation no longer has, or altered since."""


def seal(text: str) -> str:
    return _box(keys_for("sealing")).encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    try:
        return _box(keys_for("sealing")).decrypt(text.encode()).decode()
    except InvalidToken:
        raise Unreadable("The sealed text cannot be read with this SECRET_KEY.") from None


@lru_cache(maxsize=4)
def _box(keys: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])
