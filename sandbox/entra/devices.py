"""Devices that wait for their user: codes given, typed in, and turned into a sign-in.

"Device authorization grant flow" (Microsoft identity platform).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.entra.denied import Denied

LIFETIME = timedelta(minutes=15)
INTERVAL_SECONDS = 5


@dataclass
class Device:
    """A device that waits for its user: `choice` is empty until somebody has typed the code."""

    user_code: str
    scope: str
    expires: datetime
    choice: str = ""


class Devices:
    """All devices of the directory, by device code."""

    def __init__(self, clock: Callable[[], datetime], opaque: Callable[[str], str]) -> None:
        self._clock = clock
        self._opaque = opaque
        self._waiting: dict[str, Device] = {}

    def start(self, scope: str) -> tuple[str, Device]:
        """A device code, and what its user needs."""
        device = Device(self._opaque("")[:9].upper(), scope, self._clock() + LIFETIME)
        device_code = self._opaque("2.A")
        self._waiting[device_code] = device
        return device_code, device

    def decide(self, user_code: str, choice: str) -> bool:
        """A person types a code and signs in or cancels; False for a code that nobody waits for."""
        for device in self._waiting.values():
            if device.user_code == user_code.strip().upper() and not device.choice and self._clock() < device.expires:
                device.choice = choice
                return True
        return False

    def redeem(self, device_code: str) -> Device:
        """The device whose user has signed in; raises Denied for every other."""
        device = self._waiting.get(device_code)
        if device is None:
            raise Denied("bad_verification_code", 70018, "The device code was not recognized.")
        if device.expires <= self._clock():
            raise Denied("expired_token", 70019, "The device code has expired.")
        if not device.choice:
            raise Denied("authorization_pending", 70016, "The user has not yet typed the code.")
        del self._waiting[device_code]
        if device.choice not in ("mfa", "password"):
            raise Denied("authorization_declined", 65004, "The user declined.")
        return device
