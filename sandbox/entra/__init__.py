"""A simulated Microsoft Entra ID: people sign in on its pages, and the app gets and refreshes its tokens there."""

from sandbox.entra.app import EntraApp
from sandbox.entra.denied import Denied
from sandbox.entra.tokens import claims_ok, pkce_challenge
from sandbox.entra.world import EntraKnobs, EntraWorld, Grant

__all__ = ["Denied", "EntraApp", "EntraKnobs", "EntraWorld", "Grant", "claims_ok", "pkce_challenge"]
