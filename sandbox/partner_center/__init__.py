"""A simulated Microsoft Partner Center: referrals and webhooks. See `world.py` for people, `app.py` for the API."""

from sandbox.partner_center.app import PartnerCenterApp
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import Refused
from sandbox.partner_center.webhooks import Courier
from sandbox.partner_center.world import PartnerCenterWorld

__all__ = ["Courier", "Knobs", "PartnerCenterApp", "PartnerCenterWorld", "Refused"]
