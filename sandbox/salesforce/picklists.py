"""The values sellers choose from: stages, statuses, currencies, roles, and the kinds of help Microsoft offers."""

CURRENCIES = ("USD", "EUR", "JPY", "GBP")
HELP = (
    "Workload Specific Value Proposition",
    "Customer Technical Architecture",
    "Proof Of Concept or Demo",
    "Quotes or Licensing",
    "Post Sales Customer Success",
    "General or Other",
)
INTENTS = ("Yes", "No")
# name, closed, won, probability; the first is where deals wait for Microsoft's answer.
STAGES = (
    ("Microsoft Review", False, False, 5),
    ("Prospecting", False, False, 10),
    ("Qualification", False, False, 10),
    ("Needs Analysis", False, False, 20),
    ("Value Proposition", False, False, 50),
    ("Proposal/Price Quote", False, False, 75),
    ("Negotiation/Review", False, False, 90),
    ("Closed Won", True, True, 100),
    ("Closed Lost", True, False, 0),
)
STAGE_NAMES = tuple(stage[0] for stage in STAGES)
ROLES = ("Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Executive Sponsor", "Influencer", "Other")
TEAM_ROLES = ("Account Manager", "Channel Manager", "Executive Sponsor", "Pre-Sales Consultant", "Sales Rep")
LEAD_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
