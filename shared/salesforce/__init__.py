"""Salesforce as methods: query, composite, describe.

`session` is what every call goes through, `composite` several steps in one call, `client` has the methods.
What is asked or written, and why, does not belong here.
"""

from shared.salesforce.client import Rows, Salesforce
from shared.salesforce.composite import Answers, Step
from shared.salesforce.session import Call, SalesforceSession, Usage

__all__ = ["Answers", "Call", "Rows", "Salesforce", "SalesforceSession", "Step", "Usage"]
