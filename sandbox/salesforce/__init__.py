"""A Salesforce org in a box: `SalesforceWorld` is the org, `SalesforceApp` its web front."""

from sandbox.salesforce.app import SalesforceApp
from sandbox.salesforce.world import SalesforceWorld

__all__ = ["SalesforceApp", "SalesforceWorld"]
