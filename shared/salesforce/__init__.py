"""Salesforce as methods: query, composite, describe.

`soql` writes queries and paths safely, `session` is what every call goes through, `client` has the methods.
What is asked or written, and why, does not belong here.
"""

from shared.salesforce.client import Rows, Salesforce
from shared.salesforce.composite import Answers, Step
from shared.salesforce.session import Call, SalesforceSession, Usage
from shared.salesforce.soql import external_id_path, record_id, soql

__all__ = [
    "Answers",
    "Call",
    "Rows",
    "Salesforce",
    "SalesforceSession",
    "Step",
    "Usage",
    "external_id_path",
    "record_id",
    "soql",
]
