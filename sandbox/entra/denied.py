"""A refusal of the simulated Entra ID: OAuth's word, the number of "AADSTS error codes", a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Denied(Exception):
    """The token endpoint refuses."""

    error: str
    number: int
    text: str
    status: int = 400

    @property
    def said(self) -> str:
        """As the token endpoint words it."""
        return f"AADSTS{self.number}: {self.text}"
