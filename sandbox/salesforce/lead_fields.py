"""The fields of Lead: the standard ones that a referral's lead touches, and what the package adds.

Object Reference, "Lead": last name and company are required, the status has a default, and what a conversion made is
told by fields that nobody can write.
"""

from sandbox.salesforce.picklists import LEAD_STATUSES
from sandbox.salesforce.referral_fields import key
from sandbox.salesforce.schema import Field, lookup


def lead_fields(owner: Field) -> tuple[Field, ...]:
    """All of them but the system's."""

    def made(name: str) -> Field:
        return lookup(f"Converted{name}Id", name, createable=False, updateable=False)

    return (
        Field("LastName", label="Last Name", length=80, required=True),
        Field("FirstName", label="First Name", length=40),
        Field("Name", label="Full Name", length=121, createable=False, updateable=False, calculated=True),
        Field("Company", length=255, required=True),
        Field("Title", length=128),
        Field("Email", "email", length=80),
        Field("Phone", "phone", length=40),
        Field("Website", "url", length=255),
        Field("Street", "textarea", length=255),
        Field("City", length=40),
        Field("State", label="State/Province", length=80),
        Field("PostalCode", label="Zip/Postal Code", length=20),
        Field("Country", length=80),
        Field("Description", "textarea", length=32000, filterable=False),
        # Salesforce ships the status as an unrestricted picklist, as it does the stage.
        Field("Status", "picklist", length=255, required=True, values=LEAD_STATUSES, default=LEAD_STATUSES[0]),
        # In the service an insert may say "converted" with a permission of its own; here nobody has it.
        Field("IsConverted", "boolean", "Converted", default=False, createable=False, updateable=False),
        Field("ConvertedDate", "date", "Converted Date", createable=False, updateable=False),
        made("Account"),
        made("Contact"),
        made("Opportunity"),
        key("Referral_Identifier__c", 100),
        Field("Referral_Link__c", "url", length=255),
        owner,
    )
