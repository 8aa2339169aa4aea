"""Every switch of the simulated Partner Center, each with the safe default.

Where Microsoft's pages are silent or contradict each other, a knob lets a test prove the client
against both readings. The default is the stricter reading, or the documented one. No behaviour here.
"""

from dataclasses import dataclass
from typing import Literal

ETagMismatch = Literal["preconditionFailed", "resourceModified", "resourceModified412", "2055"]


@dataclass(slots=True)
class Knobs:
    """The settings of one simulated tenant; assign to a field to turn a knob while it runs."""

    # Create
    create_status: Literal[200, 201, 202] = 201  # the page does not say which success code
    create_body: bool = True  # False: success with an empty body
    honour_request_id: bool = False  # True: a repeated MS-RequestId answers as the first time
    refuse_unknown_properties: bool = True  # unknown names in a create body
    refuse_read_only_properties: bool = True  # server-owned names in a create body
    past_closing_on_create: bool = False  # True: a closing date in the past is accepted
    closing_to_the_second: bool = False  # True: the beginning of today is in the past already
    invite_context_on_own: bool = False  # True: help code and notes are demanded on the own referral too
    shared_needs_target: bool = True  # a Shared deal names a SolutionProfile target
    cosell_needs_seller_consent: bool = True  # a Shared deal is visible to Microsoft's sellers
    fail_second_referral: int = 0  # status with which the second co-sell request is refused
    upgrade_allowed: bool = True  # False: no co-sell request for a deal created as Independent
    second_invite_refused: bool = True  # False: a repeated request makes a second Microsoft referral

    # Update
    etag_mismatch: ETagMismatch = "preconditionFailed"
    patch_content_type: str = "application/json"  # anything else is answered with 415
    replace_on_absent: bool = False  # True: replace works where nothing or null stands
    clearing: bool = True  # False: null and "" are refused everywhere
    deal_value: Literal["either", "number", "string"] = "either"
    patch_name: bool = False  # True: /name can be patched
    past_closing_on_patch: bool = False  # True: a closing date in the past is accepted
    currency_change: bool = True  # False: the currency is frozen after creation
    reason_required: bool = True  # Lost, Declined and Error need a statusReason
    new_to_won: bool = False  # True: New may go to Closed/Won or Closed/Lost directly
    active_to_declined: bool = False  # True: Active may go to Closed/Declined
    refused_edit_status: Literal[400, 403, 409, 422] = 400  # illegal transition, lock, terminal

    # Read
    page_cap: int = 100  # longest page, and its default length
    refuse_top_over_cap: bool = True  # False: a larger $top is cut to the cap
    top_is_page_size: bool = True  # False: $top bounds the whole result
    documented_next_link: bool = True  # http and without /engagements, as in the example
    repeat_next_link: bool = False  # True: the next link of a later page points to itself
    stable_pages: bool = False  # True: a listing is frozen when its first page is served
    proven_filters_only: bool = True  # False: any filter the grammar knows
    quoted_dates: bool = False  # True: date literals stand in quotes
    undocumented_options: bool = False  # True: $skip and $count are honoured
    list_lag_seconds: float = 0  # how long after its creation a referral is missing from lists
    stale_seconds: float = 0  # reads show the world as it was this long ago
    stale_every: int = 1  # only every n-th read is stale (replicas)
    related_by_id: Literal[200, 403, 404] = 404  # can Microsoft's referral be read by id
    inconsistent_direction: bool = False  # True: own deals show Incoming, as captured in 2022
    demand_client_request_id: bool = True  # called required by the header page

    # Microsoft's side
    microsoft_organization_id: str = "msft"
    microsoft_organization_name: str = "Microsoft"
    msx_id_on_own: bool = True  # False: the MSX id appears on Microsoft's referral only

    # Tokens
    mfa_refusal: Literal["900421", "challenge"] = "900421"  # the newer and the older form
    app_only_registration: bool = False  # True: app-only tokens may use the webhook API

    # Webhook registration
    no_registration: Literal[404, 204, 200] = 404  # what GET answers when there is none
    registration_casing: Literal["pascal", "camel"] = "pascal"
    https_only: bool = True  # False: an http endpoint may register (local demo)
    put_needs_registration: bool = True  # False: PUT creates when there is none
    plain_correlation_id: bool = False  # True: the validation answer is a bare string

    # Webhook delivery
    events_for_own_writes: bool = True
    related_event_carries: Literal["related", "own"] = "related"
    resource_scheme: Literal["https", "http"] = "https"
    resource_host: str = "api.partnercenter.microsoft.com"
    resource_path: str = "/engagements/v1/referrals/"
    retry_spacing_seconds: float = 60
    attempts: int = 10
    delivery_delay_seconds: float = 0
    duplicates: int = 0  # extra copies of every event
    reorder: bool = False  # True: due deliveries go out newest first
    drop_every: int = 0  # every n-th event is lost
    certificate_status: int = 200  # anything else: the certificate cannot be fetched
    certificate_pem: bool = False  # True: the certificate file is PEM instead of DER

    # Line
    latency_seconds: float = 0
