"""The org's standard objects, as far as a co-sell deal touches them. Our own fields are in referral_fields.py."""

from sandbox.salesforce.lead_fields import lead_fields
from sandbox.salesforce.picklists import CURRENCIES, ROLES, STAGE_NAMES, TEAM_ROLES
from sandbox.salesforce.referral_fields import key, referral_fields, solution_fields
from sandbox.salesforce.schema import Field, Schema, SObject, lookup


def build_schema(*, multi_currency: bool, team_selling: bool) -> Schema:
    """A fresh copy of every object, so that one world's changes never reach another's."""
    objects = [_organization(), _user(), _account(), _contact(), _stage(), _opportunity(), _lead()]
    objects += [_solution(), _contact_role(), _team_member(), _note(), _note_link()]
    if not team_selling:
        objects = [owner for owner in objects if owner.name != "OpportunityTeamMember"]
    if multi_currency:
        objects.append(_currency_type())
        for owner in objects:
            if owner.name in {"Account", "Contact", "Lead", "Opportunity"}:
                column = Field("CurrencyIsoCode", "picklist", "Currency", 3, values=CURRENCIES, restricted=True)
                owner.fields["CurrencyIsoCode"] = column
    return {owner.name: owner for owner in objects}


def _object(name: str, prefix: str, label: str, *columns: Field, plural: str = "") -> SObject:
    fields = {column.name: column for column in (*_system_fields(), *columns)}
    return SObject(name, prefix, label, plural or label + "s", fields)


def _system_fields() -> tuple[Field, ...]:
    return (
        Field("Id", "id", "Record ID", 18, createable=False, updateable=False),
        Field("IsDeleted", "boolean", "Deleted", createable=False, updateable=False),
        Field("CreatedDate", "datetime", "Created Date", createable=False, updateable=False),
        lookup("CreatedById", "User", label="Created By ID", createable=False, updateable=False),
        Field("LastModifiedDate", "datetime", "Last Modified Date", createable=False, updateable=False),
        lookup("LastModifiedById", "User", createable=False, updateable=False),
        Field("SystemModstamp", "datetime", "System Modstamp", createable=False, updateable=False),
    )


def _owner() -> Field:
    return lookup("OwnerId", "User", label="Owner ID")


def _of_opportunity(children: str) -> Field:
    """The parent of a row that lives and dies with its opportunity."""
    return lookup("OpportunityId", "Opportunity", children, required=True, updateable=False, cascade_delete=True)


def _setup(owner: SObject) -> SObject:
    owner.createable = owner.updateable = owner.deletable = False
    return owner


def _organization() -> SObject:
    return _setup(
        _object(
            "Organization",
            "00D",
            "Organization",
            Field("Name", length=80, required=True),
            Field("DefaultCurrencyIsoCode", "picklist", values=CURRENCIES),
            Field("IsSandbox", "boolean", default=False),
            Field("InstanceName", length=5),
        )
    )


def _user() -> SObject:
    return _setup(
        _object(
            "User",
            "005",
            "User",
            Field("Name", label="Full Name", length=121, createable=False, updateable=False, calculated=True),
            Field("FirstName", label="First Name", length=40),
            Field("LastName", label="Last Name", length=80, required=True),
            Field("Email", "email", length=128, required=True),
            Field("Phone", "phone", length=40),
            Field("Username", length=80, required=True),
            Field("IsActive", "boolean", "Active", default=True),
            Field("UserType", "picklist", "User Type", 40, values=("Standard", "Guest"), default="Standard"),
        )
    )


def _account() -> SObject:
    return _object(
        "Account",
        "001",
        "Account",
        Field("Name", label="Account Name", length=255, required=True),
        Field("MasterRecordId", "reference", refers_to="Account", createable=False, updateable=False),
        Field("BillingStreet", "textarea", "Billing Street", 255),
        Field("BillingCity", label="Billing City", length=40),
        Field("BillingState", label="Billing State/Province", length=80),
        Field("BillingPostalCode", label="Billing Zip/Postal Code", length=20),
        Field("BillingCountry", label="Billing Country", length=80),
        Field("Phone", "phone", "Account Phone", 40),
        Field("Website", "url", length=255),
        Field("NumberOfEmployees", "int", "Employees", precision=8),
        key("Referral_Customer_Key__c", 64),
        _owner(),
    )


def _contact() -> SObject:
    return _object(
        "Contact",
        "003",
        "Contact",
        lookup("AccountId", "Account", "Contacts", "Account ID", cascade_delete=True),
        Field("FirstName", label="First Name", length=40),
        Field("LastName", label="Last Name", length=80, required=True),
        Field("Name", label="Full Name", length=121, createable=False, updateable=False, calculated=True),
        Field("Email", "email", length=80),
        Field("Phone", "phone", "Business Phone", 40),
        Field("Title", length=128),
        key("Referral_Contact_Key__c", 64),
        _owner(),
    )


def _lead() -> SObject:
    return _object("Lead", "00Q", "Lead", *lead_fields(_owner()))


def _stage() -> SObject:
    return _setup(
        _object(
            "OpportunityStage",
            "01J",
            "Opportunity Stage",
            Field("MasterLabel", length=255, required=True),
            Field("ApiName", length=255),
            Field("IsActive", "boolean", default=True),
            Field("IsClosed", "boolean", default=False),
            Field("IsWon", "boolean", default=False),
            Field("DefaultProbability", "percent", precision=3),
            Field("SortOrder", "int", precision=9),
        )
    )


def _opportunity() -> SObject:
    def derived(name: str, kind: str, label: str, precision: int = 0) -> Field:
        return Field(name, kind, label, createable=False, updateable=False, calculated=True, precision=precision)

    standard = (
        Field("Name", label="Opportunity Name", length=120, required=True),
        lookup("AccountId", "Account", "Opportunities", "Account ID", cascade_delete=True),
        # Salesforce ships the stage as an unrestricted picklist: values nobody defined are accepted.
        Field("StageName", "picklist", "Stage", 255, required=True, values=STAGE_NAMES),
        Field("CloseDate", "date", "Close Date", required=True),
        Field("Amount", "currency", precision=18, scale=2),
        Field("Description", "textarea", length=32000, filterable=False),
        _owner(),
        derived("IsClosed", "boolean", "Closed"),
        derived("IsWon", "boolean", "Won"),
        derived("Probability", "percent", "Probability (%)", 3),
        Field("Type", "picklist", "Opportunity Type", 255, values=("Existing Business", "New Business")),
        Field("NextStep", label="Next Step", length=255),
    )
    columns = (*standard, *referral_fields(), *_microsofts_side())
    return _object("Opportunity", "006", "Opportunity", *columns, plural="Opportunities")


def _microsofts_side() -> tuple[Field, ...]:
    """What the package ships for Microsoft's own facts about a deal."""
    kinds = ("Private", "Partner-led", "Co-sell", "Marketplace lead", "Qualified lead")
    return (
        Field("Co_sell_Deal_Type__c", "picklist", "Co-sell Deal Type", 255, values=kinds, restricted=True),
        Field("Microsoft_Status__c", length=100),
        Field("Microsoft_Seller__c", length=255),
        Field("Microsoft_Decline_Reason__c", length=255),
        Field("Referral_Expires_On__c", "date"),
        Field("Microsoft_Answers_By__c", "date"),
        Field("Retry_Sync__c", "boolean", default=False),
    )


def _solution() -> SObject:
    return _object("Microsoft_Solution__c", "a00", "Microsoft Solution", *solution_fields())


def _contact_role() -> SObject:
    return _object(
        "OpportunityContactRole",
        "00K",
        "Opportunity Contact Role",
        _of_opportunity("OpportunityContactRoles"),
        lookup("ContactId", "Contact", "OpportunityContactRoles", required=True, cascade_delete=True),
        Field("Role", "picklist", length=255, values=ROLES),
        Field("IsPrimary", "boolean", "Primary", default=False),
    )


def _team_member() -> SObject:
    member = _object(
        "OpportunityTeamMember",
        "00q",
        "Opportunity Team Member",
        _of_opportunity("OpportunityTeamMembers"),
        lookup("UserId", "User", required=True, updateable=False),
        Field("TeamMemberRole", "picklist", "Team Role", 255, values=TEAM_ROLES),
        Field(
            "OpportunityAccessLevel",
            "picklist",
            length=40,
            values=("None", "Read", "Edit", "All"),
            restricted=True,
            default="Read",
        ),
    )
    member.recycled = False
    return member


def _note() -> SObject:
    return _object(
        "ContentNote",
        "069",
        "Note",
        Field("Title", length=255, required=True),
        Field("Content", "textarea", length=100000, filterable=False),
        _owner(),
    )


def _note_link() -> SObject:
    return _object(
        "ContentDocumentLink",
        "06A",
        "Content Document Link",
        Field("ContentDocumentId", "reference", required=True, updateable=False, refers_to="ContentNote"),
        # Polymorphic in the service; the only parent here is the opportunity.
        Field("LinkedEntityId", "reference", required=True, updateable=False, refers_to="Opportunity"),
        Field("ShareType", "picklist", length=40, values=("V", "C", "I"), restricted=True, required=True),
        Field("Visibility", "picklist", length=40, values=("AllUsers", "InternalUsers", "SharedUsers")),
    )


def _currency_type() -> SObject:
    return _setup(
        _object(
            "CurrencyType",
            "01L",
            "Currency Type",
            Field("IsoCode", "picklist", length=3, required=True, values=CURRENCIES),
            Field("IsActive", "boolean", default=True),
            Field("IsCorporate", "boolean", default=False),
            Field("DecimalPlaces", "int", precision=1),
            Field("ConversionRate", "double", precision=18, scale=6),
        )
    )
