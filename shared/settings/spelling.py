"""Spelling: how the text of a setting is read, and what is refused of it. Nothing here repeats a value: it may be a
secret.
"""

from urllib.parse import urlsplit

from shared.settings import is_loopback


def filled_in(text: str) -> str:
    """Any text but the example's placeholder. Raises ValueError."""
    if text.startswith("<") and text.endswith(">"):
        raise ValueError("is still the placeholder of the example")
    return text


def origin(text: str) -> str:
    """An address without credentials or query, over https but to this machine. Raises ValueError."""
    parts = urlsplit(text)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(text))
    if secure and parts.hostname and not (parts.username or parts.query or parts.fragment):
        return text.rstrip("/")
    raise ValueError("must be an https address without credentials or query (plain http only to this machine)")


def resolved(text: str) -> str:
    """A secret, which the platform hands out as a reference when it cannot read the vault. Raises ValueError."""
    if text.startswith("@Microsoft.KeyVault("):
        raise ValueError("is an unresolved Key Vault reference: check the secret's name and the app's access")
    return text


def secret_origin(text: str) -> str:
    """An address that is a secret itself. Raises ValueError."""
    origin(resolved(text))
    return text


def words(text: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def bytes_of_a_delivery(text: str) -> int:
    """How large a delivery may be at most: 1 KiB to 1 MiB. Raises ValueError."""
    size = int(text) if text.strip().isdecimal() else 0
    if not 1024 <= size <= 1024 * 1024:
        raise ValueError("must be a whole number from 1024 to 1048576")
    return size
