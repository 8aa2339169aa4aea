"""The table of checks, in the order in which they are read: what each looks at, and what it needs."""

from typing import Final

from cli.doctor import base, leads, org, partner_center, rights, salesforce
from cli.doctor.examine import Check

SETTINGS, MAPPING, LOGIN = "settings", "mapping file", "Salesforce sign-in"
REFERRALS, WEBHOOKS, ROLE, TABLES = "referrals sign-in", "webhook sign-in", "role", "tables"
HERE, SF, PC, STATE = "this deployment", "Salesforce", "Partner Center", "state"
IN_ORG: Final = (LOGIN, MAPPING)

CHECKS: Final = (
    Check(SETTINGS, HERE, base.settings),
    Check(MAPPING, HERE, base.mapping, (SETTINGS,)),
    Check(LOGIN, SF, salesforce.login, (SETTINGS,)),
    Check("API version", SF, salesforce.version, (LOGIN,)),
    Check("daily calls", SF, salesforce.limits, (LOGIN,)),
    Check("clock at Salesforce", SF, salesforce.clock, (LOGIN,)),
    Check("fields", SF, org.fields, IN_ORG),
    Check("records", SF, rights.records, IN_ORG),
    Check("query", SF, org.question, IN_ORG),
    Check("referral identifier", SF, org.identifier, IN_ORG),
    Check("customer keys", SF, org.customers, IN_ORG),
    Check("solutions", SF, org.solutions, IN_ORG),
    Check("currency", SF, org.currency, IN_ORG),
    Check("stages", SF, org.stages, IN_ORG),
    Check("picklists", SF, org.picklists, IN_ORG),
    Check("required fields", SF, org.required, IN_ORG),
    Check("leads", SF, leads.leads, IN_ORG),
    Check("features", SF, org.features, IN_ORG),
    Check(TABLES, STATE, base.tables, (SETTINGS,)),
    Check("queues", STATE, base.queues, (SETTINGS,)),
    Check("poison queues", STATE, base.poison, ("queues",)),
    Check("halts", STATE, base.halts, (TABLES,)),
    Check(REFERRALS, PC, partner_center.referrals_login, (SETTINGS,)),
    Check(WEBHOOKS, PC, partner_center.webhooks_login, (SETTINGS,)),
    Check("refresh token", PC, partner_center.refresh_token, (REFERRALS,)),
    Check(ROLE, PC, partner_center.role, (REFERRALS,)),
    Check("clock at Microsoft", PC, partner_center.clock, (ROLE,)),
    Check("webhook", PC, partner_center.webhook, (WEBHOOKS,)),
)

# What a sign-in of the service user must prove before it is kept.
SIGN_IN_CHECKS: Final = tuple(check for check in CHECKS if check.name in (REFERRALS, WEBHOOKS, ROLE))
