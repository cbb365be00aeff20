"""Keys for one purpose each, derived from the installation's secret."""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32


def keys_for(purpose: str) -> tuple[bytes, ...]:
    """The key to use, followed by those of earlier secrets that are still accepted."""
    return _derive(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=64)
def _derive(purpose: str, secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    info = f"livechat:{purpose}".encode()
    return tuple(
        HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret.encode())
        for secret in secrets
    )
