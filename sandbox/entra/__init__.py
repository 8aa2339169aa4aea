"""A simulated Microsoft Entra ID: the token endpoint the app refreshes its tokens at, and the check of its tokens."""

from sandbox.entra.app import EntraApp
from sandbox.entra.tokens import claims_ok, pkce_challenge
from sandbox.entra.world import Denied, EntraKnobs, EntraWorld, Grant

__all__ = ["Denied", "EntraApp", "EntraKnobs", "EntraWorld", "Grant", "claims_ok", "pkce_challenge"]
