"""Registers the flows. The runtime needs this file at the root; everything else is in `functions` and `shared`."""

import azure.functions as func

from functions import (
    bulk_changes,
    co_sell_referral_updates,
    create_co_sell_referral,
    partner_center_to_salesforce,
    partner_center_webhook_registration,
    poison_doorbells,
    reconciliation_sweep,
    salesforce_microsoft_solutions_to_partner_center,
    salesforce_opportunity_to_partner_center,
    salesforce_to_partner_center,
    sign_in_renewal,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

for flow in (
    partner_center_webhook_registration,
    create_co_sell_referral,
    co_sell_referral_updates,
    partner_center_to_salesforce,
    salesforce_to_partner_center,
    salesforce_opportunity_to_partner_center,
    salesforce_microsoft_solutions_to_partner_center,
    reconciliation_sweep,
    bulk_changes,
    poison_doorbells,
    sign_in_renewal,
):
    app.register_functions(flow.bp)
