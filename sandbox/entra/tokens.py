"""Access tokens as Entra issues them: real RS256 JWTs, and what a resource can read from them."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Claims = dict[str, Any]


def signed(claims: Claims) -> str:
    """A JWT over the claims."""
    header = {"typ": "JWT", "alg": "RS256", "kid": "sandbox"}
    head = ".".join(base64_text(json.dumps(part).encode()) for part in (header, claims))
    signature = _signing_key().sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{head}.{base64_text(signature)}"


def signature_ok(token: str) -> bool:
    """Whether this process signed the token."""
    head, _, signature = token.rpartition(".")
    try:
        key = _signing_key().public_key()
        key.verify(_bytes_of(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def claims_ok(token: str, audience: str) -> str | None:
    """The part of the token check that needs no tenant: audience, kind, MFA and role, but no signature or time."""
    claims = claims_of(token)
    if claims is None:
        return "malformed"
    if claims.get("aud") != audience:
        return "audience"
    if not claims.get("scp"):
        return "app-only"
    if "mfa" not in claims.get("amr", []):
        return "mfa"
    return None if "ReferralsAdmin" in claims.get("roles", []) else "role"


def claims_of(token: str) -> Claims | None:
    """The claims, unverified, or None when this is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(_bytes_of(parts[1]))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def pkce_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return base64_text(hashlib.sha256(verifier.encode()).digest())


def base64_text(data: bytes) -> str:
    """URL-safe Base64 without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    """One key per process: making keys is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
