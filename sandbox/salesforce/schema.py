"""What a field and an object are, in the words of Salesforce's describe. The objects themselves are in objects.py."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.errors import SalesforceError

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "multipicklist", "email", "phone", "url"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True)
class Field:
    """One column. `required` means: must be given on create and can never be emptied."""

    name: str
    type: str = "string"
    label: str = ""
    length: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    refers_to: str = ""
    relationship: str = ""
    child_relationship: str = ""
    cascade_delete: bool = False
    master_detail: bool = False
    precision: int = 0
    scale: int = 0
    filterable: bool = True
    auto_number: str = ""
    calculated: bool = False

    @property
    def custom(self) -> bool:
        """Custom fields carry the suffix __c."""
        return self.name.endswith("__c")

    @property
    def title(self) -> str:
        """The label sellers see."""
        return self.label or self.name.removesuffix("__c").replace("_", " ")

    @property
    def indexed(self) -> bool:
        """Whether records are looked up by this field."""
        return self.unique or self.external_id or bool(self.refers_to)


def lookup(name: str, parent: str, children: str = "", label: str = "", **more: Any) -> Field:
    """A reference; its relationship is named after it: AccountId and Account, Opportunity__c and Opportunity__r."""
    relationship = f"{name.removesuffix('c')}r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name, "reference", label, refers_to=parent, relationship=relationship, child_relationship=children, **more
    )


@dataclass
class SObject:
    """One object: its key prefix and its columns, in order."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: dict[str, Field] = field(default_factory=dict)
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    # Rows of some objects vanish at once instead of going to the recycle bin.
    recycled: bool = True

    @property
    def custom(self) -> bool:
        """Custom objects carry the suffix __c."""
        return self.name.endswith("__c")

    def find(self, name: str) -> Field | None:
        """The column of this name; SOQL and JSON bodies do not care about case."""
        return self.fields.get(name) or next(
            (column for column in self.fields.values() if column.name.lower() == name.lower()), None
        )

    def parent(self, relationship: str) -> Field | None:
        """The reference whose relationship has this name."""
        wanted = relationship.lower()
        return next((c for c in self.fields.values() if c.relationship and c.relationship.lower() == wanted), None)


Schema = dict[str, SObject]


def find_object(schema: Schema, name: str) -> SObject | None:
    """The object of this name, whatever the case."""
    return schema.get(name) or next((o for o in schema.values() if o.name.lower() == name.lower()), None)


def object_or_404(schema: Schema, name: str) -> SObject:
    """The object a URL or a record names."""
    found = find_object(schema, name)
    if found is None:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def children_of(schema: Schema, parent: str) -> list[tuple[SObject, Field]]:
    """Every reference that points at this object."""
    return [(o, c) for o in schema.values() for c in o.fields.values() if c.refers_to == parent]


def object_of_id(schema: Schema, record_id: str) -> SObject | None:
    """The object a record id belongs to, by its key prefix."""
    return next((o for o in schema.values() if o.prefix == record_id[:3]), None)
