"""What this product adds to an org: fields on Opportunity, one child object, and keys that make records findable."""

from sandbox.salesforce.picklists import HELP, INTENTS
from sandbox.salesforce.schema import Field, lookup


def key(name: str, length: int, label: str = "") -> Field:
    """A text field that is both external id and unique."""
    return Field(name, "string", label, length, external_id=True, unique=True)


def referral_fields() -> tuple[Field, ...]:
    """The fields on Opportunity."""
    return (
        Field("Sync_with_Partner_Center__c", "boolean", default=False),
        key("Referral_Identifier__c", 100, "Referral Identifier"),
        Field("Referral_Link__c", "url", length=255),
        Field("How_can_Microsoft_help__c", "picklist", "How can Microsoft help?", 255, values=HELP, restricted=True),
        Field("Marketplace_Intent__c", "picklist", "Marketplace Intent", 255, values=INTENTS, restricted=True),
        Field("Products__c", length=255),
        Field("Audit__c", "textarea", length=100000, filterable=False),
        Field("Referral_Visible_to_Microsoft__c", "boolean", default=False),
        Field("Microsoft_CRM_Identifier__c", length=100),
        Field("Referral_Program__c", length=100),
        Field("Sync_Status__c", length=40),
        Field("Sync_Message__c", length=255),
        Field("Sync_Intent__c", length=40),
    )


def solution_fields() -> tuple[Field, ...]:
    """The child object: one row per solution of the deal."""
    whole = {"required": True, "updateable": False, "cascade_delete": True, "master_detail": True}
    return (
        Field("Name", length=80, createable=False, updateable=False, auto_number="MS-{:05d}"),
        lookup("Opportunity__c", "Opportunity", "Microsoft_Solutions__r", "Opportunity", **whole),
        Field("Solution_Id__c", length=100, required=True),
        Field("Solution_Name__c", length=255),
        Field("Publisher__c", length=255),
        Field("Solution_Type__c", length=40),
        key("Solution_Key__c", 255),
        Field("Removed__c", "boolean", default=False),
    )
