"""Plausible demo values: the deal a Microsoft seller shares, and a valid create body. Names are invented; the
addresses end in .example."""

from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]


def _closing(now: datetime) -> str:
    return (now + timedelta(days=90)).strftime("%Y-%m-%dT00:00:00Z")


def inbound(now: datetime) -> Document:
    """What a Microsoft seller fills in when sharing a deal with the partner."""
    return {
        "name": "Fabrikam cloud migration",
        "type": "Shared",
        "qualification": "SalesQualified",
        "customerProfile": customer(),
        "consent": {
            "consentToToShareInfoWithOthers": True,
            "consentToContact": True,
            "consentToMicrosoftToContactSpecificPartners": True,
            "consentToShareReferralWithMicrosoftSellers": True,
        },
        "details": {
            "notes": "The customer wants to move two data centres and asked for a partner.",
            "dealValue": 120000.0,
            "currency": "USD",
            "closingDateTime": _closing(now),
            "requirements": {
                "solutions": [solution()],
                "additionalRequirements": {"iot": {}, "attributes": [intent()]},
            },
        },
        "inviteContext": {"notes": "Please take this one.", "assistanceRequestCode": "GeneralOrOther"},
    }


def private_deal(now: datetime) -> Document:
    """A create body the service accepts: a private deal of the partner."""
    body = inbound(now)
    del body["inviteContext"]
    return body | {
        "name": "Contoso Test Deal",
        "type": "Independent",
        "consent": body["consent"] | {"consentToShareReferralWithMicrosoftSellers": False},
        "team": [member()],
        "target": [],
    }


def partner_led_deal(now: datetime) -> Document:
    """A create body of a deal Microsoft's sellers can see."""
    body = private_deal(now)
    return body | {"consent": body["consent"] | {"consentToShareReferralWithMicrosoftSellers": True}}


def co_sell_deal(now: datetime) -> Document:
    """Step one of a co-sell request: the own referral."""
    target = [{"type": "SolutionProfile", "id": "SOL-15974-MQF"}]
    return partner_led_deal(now) | {"type": "Shared", "target": target}


def co_sell_invitation(now: datetime, engagement_id: str) -> Document:
    """Step two: the connected referral for Microsoft."""
    return co_sell_deal(now) | {
        "engagementId": engagement_id,
        "target": [{"type": "BusinessProfileLocation", "id": "msft"}],
        "inviteContext": {"notes": "We need a licence quote.", "assistanceRequestCode": "QuotesOrLicensing"},
    }


def customer() -> Document:
    """An invented customer with one contact."""
    return {
        "name": "Fabrikam Inc",
        "address": {
            "addressLine1": "1 Harbour Street",
            "city": "Seattle",
            "state": "WA",
            "postalCode": "98101",
            "country": "US",
        },
        "size": "251to1000employees",
        "team": [
            {
                "firstName": "Avery",
                "lastName": "Howard",
                "phoneNumber": "2065550101",
                "email": "avery.howard@fabrikam.example",
            }
        ],
    }


def solution() -> Document:
    """A partner solution of the invented catalogue."""
    return {
        "type": "Name",
        "id": "SOL-15974-MQF",
        "name": "Contoso Migration Factory",
        "publisherName": "Contoso",
        "solutionType": "3P",
    }


def member() -> Document:
    """A seller of the partner."""
    return {
        "firstName": "Casey",
        "lastName": "Jensen",
        "phoneNumber": "4255550144",
        "email": "casey.jensen@contoso.example",
    }


def microsoft_seller() -> Document:
    """A seller of Microsoft."""
    return {
        "firstName": "Robin",
        "lastName": "Keller",
        "phoneNumber": "4255550177",
        "email": "robin.keller@microsoft.example",
    }


def intent() -> Document:
    """The mandatory marketplace intent."""
    return {"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}
