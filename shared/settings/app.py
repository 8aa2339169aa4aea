"""Settings of the app as a whole."""

from typing import Literal

from pydantic import BaseModel, Field

from shared.settings import APPLICATION_INSIGHTS
from shared.settings.kinds import Secret, Zone


class App(BaseModel):
    """How deals are read, compared and reported."""

    digest_key: Secret = Field(
        description="Key for the digests of what both sides showed; any long random text, never changed"
    )
    time_zone: Zone = Field("UTC", description="Time zone in which a closing date is a calendar day")
    language: Literal["en", "ja"] = Field("en", description="Language of what sellers read; a change rewrites it once")
    applicationinsights_connection_string: Secret | None = Field(
        None,
        validation_alias=APPLICATION_INSIGHTS,
        description="Application Insights resource that figures go to; empty: none are sent",
    )
    mapping_file: str = Field("", description="The partner's mapping overlay (TOML); empty: the shipped default alone")
