"""What the API says about itself: versions, objects, fields, limits. Key sets follow real describes."""

from typing import Any

from sandbox.salesforce.conditions import http_date, read_http_date
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.rest import Answer, Call
from sandbox.salesforce.schema import Field, SObject, children_of, object_or_404

LATEST = 64
OLDEST = 31
_SOAP = {"int": "xsd:int", "boolean": "xsd:boolean", "date": "xsd:date", "datetime": "xsd:dateTime", "id": "tns:ID"}
_SOAP |= {"reference": "tns:ID"} | dict.fromkeys(("double", "currency", "percent"), "xsd:double")
_NULL_KEYS = [
    "calculatedFormula",
    "compoundFieldName",
    "controllerName",
    "defaultValueFormula",
    "extraTypeInfo",
    "filteredLookupInfo",
    "inlineHelpText",
    "mask",
    "maskType",
    "referenceTargetField",
    "relationshipOrder",
]
_FALSE_KEYS = [
    "aiPredictionField",
    "cascadeDelete",
    "caseSensitive",
    "dependentPicklist",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "formulaTreatNullNumberAsZero",
    "highScaleNumber",
    "htmlFormatted",
    "namePointing",
    "polymorphicForeignKey",
    "queryByDistance",
    "restrictedDelete",
    "searchPrefilterable",
    "writeRequiresMasterRead",
]
_OBJECT_FALSE = ["customSetting", "deepCloneable", "deprecatedAndHidden", "hasSubtypes", "isInterface", "isSubtype"]
_OBJECT_NULL = [
    "associateEntityType",
    "associateParentEntity",
    "defaultImplementation",
    "extendedBy",
    "extendsInterfaces",
    "implementedBy",
    "implementsInterfaces",
    "listviewable",
    "lookupLayoutable",
    "networkScopeFieldName",
    "sobjectDescribeOption",
]
_OBJECT_TRUE = [
    "activateable",
    "compactLayoutable",
    "feedEnabled",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchLayoutable",
    "searchable",
    "triggerable",
    "undeletable",
]


def versions() -> list[dict[str, str]]:
    """GET /services/data, which needs no session."""
    return [
        {"label": f"API {number}.0", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST, LATEST + 1)
    ]


def resources(call: Call) -> Answer:
    """GET /services/data/vXX.X."""
    names = ("sobjects", "query", "queryAll", "limits", "composite")
    return Answer(200, {name: call.url(name) for name in names})


def limits(call: Call) -> Answer:
    """GET /limits."""
    daily = {"Max": call.world.knobs.daily_limit, "Remaining": call.world.calls_left()}
    return Answer(200, {"DailyApiRequests": daily, "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000}})


def all_objects(call: Call) -> Answer:
    """GET /sobjects."""
    found = [_object_head(call, sobject) for sobject in call.world.schema.values()]
    return _unless_unchanged(call, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found})


def one_object(call: Call, type: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}."""
    sobject = object_or_404(call.world.schema, type)
    return Answer(200, {"objectDescribe": _object_head(call, sobject), "recentItems": []})


def describe(call: Call, type: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}/describe, with If-Modified-Since."""
    sobject = object_or_404(call.world.schema, type)
    head = _object_head(call, sobject)
    head |= {"actionOverrides": [], "namedLayoutInfos": [], "recordTypeInfos": [], "supportedScopes": []}
    head["childRelationships"] = [
        {"cascadeDelete": column.cascade_delete, "childSObject": child.name, "field": column.name}
        | {"relationshipName": column.child_relationship or None, "restrictedDelete": False}
        for child, column in children_of(call.world.schema, sobject.name)
    ]
    head["fields"] = [describe_field(column) for column in sobject.fields.values()]
    return _unless_unchanged(call, head)


def describe_field(column: Field) -> dict[str, Any]:
    """One entry of `fields`."""
    has_default = column.default is not None or column.type == "boolean" or column.name == "OwnerId"
    text = column.length or (18 if column.type in {"id", "reference"} else 0)
    return {
        **dict.fromkeys(_NULL_KEYS),
        **dict.fromkeys(_FALSE_KEYS, False),
        "aggregatable": column.filterable,
        "autoNumber": bool(column.auto_number),
        "byteLength": text * 3,
        "calculated": False,
        "cascadeDelete": column.cascade_delete,
        "createable": column.createable,
        "custom": column.custom,
        "defaultValue": column.default,
        "defaultedOnCreate": has_default or not column.createable,
        "digits": column.precision if column.type == "int" else 0,
        "externalId": column.external_id,
        "filterable": column.filterable,
        "groupable": column.filterable and column.type not in {"currency", "double", "percent", "datetime"},
        "idLookup": column.external_id or column.type == "id",
        "label": column.title,
        "length": text,
        "name": column.name,
        "nameField": column.name == "Name",
        "nillable": not column.required and not has_default and column.createable,
        "permissionable": not column.required and column.createable,
        "picklistValues": [_picklist_value(column, value) for value in column.values],
        "precision": 0 if column.type == "int" else column.precision,
        "referenceTo": [column.refers_to] if column.refers_to else [],
        "relationshipName": column.relationship or None,
        "relationshipOrder": 0 if column.master_detail else None,
        "restrictedPicklist": column.restricted,
        "scale": column.scale,
        "soapType": _SOAP.get(column.type, "xsd:string"),
        "sortable": column.filterable,
        "type": column.type,
        "unique": column.unique,
        "updateable": column.updateable,
    }


def _picklist_value(column: Field, value: str) -> dict[str, Any]:
    default = column.default == value
    return {"active": True, "defaultValue": default, "label": value, "validFor": None, "value": value}


def _object_head(call: Call, sobject: SObject) -> dict[str, Any]:
    url = call.url("sobjects", sobject.name)
    return {
        **dict.fromkeys(_OBJECT_NULL),
        **dict.fromkeys(_OBJECT_FALSE, False),
        **dict.fromkeys(_OBJECT_TRUE, True),
        "undeletable": sobject.recycled,
        "createable": sobject.createable,
        "custom": sobject.custom,
        "deletable": sobject.deletable,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "name": sobject.name,
        "updateable": sobject.updateable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _unless_unchanged(call: Call, body: dict[str, Any]) -> Answer:
    headers = {"Last-Modified": http_date(call.world.schema_changed)}
    text = call.headers.get("if-modified-since")
    since = read_http_date(text) if text else None
    if text and since is None:
        raise SalesforceError(400, "INVALID_HEADER_VALUE", "The value of If-Modified-Since is not a valid date.")
    if since and call.world.schema_changed <= since:
        return Answer(304, None, headers)
    return Answer(200, body, headers)
