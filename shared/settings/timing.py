"""Settings of time: when the timers tick, and how long to wait for what."""

from pydantic import BaseModel, Field

from shared.settings.kinds import Seconds
from shared.waits import DEFAULT


class Schedules(BaseModel):
    """Six fields, UTC, seconds first. The Functions host reads them too."""

    poll_opportunities_schedule: str = Field("0 * * * * *", description="How often opportunities are polled")
    poll_solutions_schedule: str = Field(
        "30 * * * * *", description="How often Microsoft Solutions rows are polled, unless the poll above just did"
    )
    delta_schedule: str = Field("0 7 * * * *", description="How often referrals are compared newest first")
    sweep_schedule: str = Field("0 20 2 * * *", description="How often everything is compared")
    schema_schedule: str = Field(
        "45 4/15 * * * *", description="How often the fields of the Salesforce org are compared with the mapping"
    )
    sign_in_schedule: str = Field(
        "0 40 5,17 * * *", description="How often the sign-in at Microsoft is renewed and its age looked at"
    )
    recovery_schedule: str = Field("15 * * * * *", description="How often interrupted runs are looked for")


class Timing(BaseModel):
    """How long to wait for what, and how much to take at once."""

    poll_overlap_seconds: Seconds = Field(
        DEFAULT.poll_overlap, description="How far a Salesforce poll looks back behind its watermark"
    )
    delta_overlap_seconds: Seconds = Field(
        DEFAULT.delta_overlap, description="How far the hourly delta looks back behind its watermark"
    )
    list_lag_seconds: Seconds = Field(
        DEFAULT.list_lag, description="How long lists may not show a new referral; an unclear creation waits this long"
    )
    in_flight_seconds: Seconds = Field(
        DEFAULT.in_flight, description="How late an unanswered creation may still take effect; it is waited for as well"
    )
    claim_seconds: int = Field(
        DEFAULT.claim, ge=30, description="Age at which an unfinished creation or write may be taken over"
    )
    send_window_seconds: int = Field(
        DEFAULT.send_window, ge=5, description="A creation is only sent this soon after its claim"
    )
    retry_seconds: int = Field(
        DEFAULT.retry, ge=1, description="Pause before a doorbell rings again; doubles to 15 minutes"
    )
    debounce_seconds: Seconds = Field(
        DEFAULT.debounce, description="Rest of a polled doorbell before it is answered, beyond the poll's own interval"
    )
    bulk_above: int = Field(200, ge=1, description="A poll or delta that finds more records rings on the bulk queues")
    doorbell_ids: int = Field(50, ge=1, le=200, description="Records named in one queue message")
    mass_change_limit: int = Field(500, ge=1, description="A poll that finds more changed records says so in the log")
