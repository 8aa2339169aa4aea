"""The services that a mapping spells for."""

import pytest

from tests.sandbox.salesforce_rig import Rig
from tests.support.partner_center_client import Bench


@pytest.fixture
def bench() -> Bench:
    """Partner Center."""
    return Bench()


@pytest.fixture
def rig() -> Rig:
    """Salesforce."""
    return Rig()
