"""The closed lists of the Referral resource ("Referral resources" page, "Bulk operations" page). Lists only."""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


STATUSES = ("New", "Active", "Closed")
SUBSTATUSES = ("Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error")
TYPES = ("Shared", "Independent")
QUALIFICATIONS = ("Direct", "MarketingQualified", "SalesQualified")
TARGET_TYPES = ("BusinessProfileLocation", "SolutionProfile")
SOLUTION_TYPES = ("Category", "Name")
PROFILE_TYPES = ("Duns", "External")
ASSISTANCE_CODES = (
    "GeneralOrOther",
    "CustomerTechnicalArchitecture",
    "ProofOfConceptOrDemo",
    "QuotesOrLicensing",
    "PostSalesCustomerSuccess",
    "WorkloadSpecificValueProposition",
)
ATTRIBUTE_TYPES = ("CustomerMarketplaceIntent", "PartnerRole", "SolutionArea", "SolutionPlay")
MARKETPLACE_INTENTS = ("HaveNotDecided", "Yes", "No")
# The connector's definition says words, captured documents say percentages; both are taken.
SALES_STAGES = ("Qualify", "Develop", "Propose", "Close", "10", "20", "40", "60", "80", "100")
SIZES = (
    "",
    "1to50employees",
    "51to500employees",
    "Morethan500employees",
    "1to9employees",
    "10to50employees",
    "51to250employees",
    "251to1000employees",
    "1001to5000employees",
    "5001to10000employees",
    "10001to20000employees",
    "Morethan20000employees",
)
PRODUCTS = _listed(
    "Azure|EnterpriseMobilityAndSecurity|Exchange|DeveloperTools|Dynamics365Business|Dynamics365Enterprise|"
    "DynamicsAX,GP,NAV,SL|Microsoft365|Office|PowerBI|Project|SharePoint|SkypeForBusiness|Surface|SurfaceHub|"
    "SQL|Teams|Visio|Windows|Yammer"
)
SERVICES = _listed(
    "ConsultingAndProfessional|CustomSolution(ISV)|DeploymentOrMigration|Hardware|Integration|IPServices(ISV)|"
    "LearningAndCertification|Licensing|ManagedServices|ProjectServices"
)
INDUSTRIES = _listed(
    "Agriculture, Forestry, & Fishing|Communications & Media|Education|Financial Services|Government|Healthcare|"
    "Hospitality|Manufacturing|Power & Utilities|Public Safety and National Security|Retail & Consumer Goods|"
    "Services|Travel & Transportation|Wholesale & Distribution"
)
CATEGORIES = _listed(
    "AdvancedAnalytics|ApplicationIntegration|ArtificialIntelligence|AzureSecurityOperationManagement|AzureStack|"
    "BackupDisasterRecovery|BigData|Blockchain|Chatbot|CloudDatabaseMigration|CloudMigration|CloudVoice|"
    "CognitiveServices|CompetitiveDatabaseMigration|Containers|DataWarehouse|DatabaseonLinux|DevelopmentandTest|"
    "DevOps|DigitalMedia|Dynamics365forCustomerService|Dynamics365forFieldService|"
    "Dynamics365forFinanceOperations|Dynamics365forRetail|Dynamics365forSales|Dynamics365forTalent|"
    "DynamicsonAzure|EnterpriseBusinessIntelligence|Gaming|HighPerformanceComputing|HybridStorage|"
    "IdentityandAccessManagement|InformationManagement|InternetofThings|MachineLearning|Microserviceapplications|"
    "MobileApplications|MySQLPostgresMigrationtoAzure|Networking|NoSQLMigration|RedhatonAzure|"
    "RegulatoryComplianceGDPR|SAPonAzure|ServerlessComputing|SharepointonAzure|SQLServerUpgrade|"
    "ThreatProtection|WebDevelopment"
)
REFERRAL_EVENTS = ("referral-created", "referral-updated", "related-referral-created", "related-referral-updated")
EVENTS = (
    *REFERRAL_EVENTS,
    "test-created",
    "azure-fraud-event-detected",
    "dap-admin-relationship-approved",
    "dap-admin-relationship-terminated",
    "dap-admin-relationship-terminated-by-microsoft",
    "granular-admin-access-assignment-activated",
    "granular-admin-access-assignment-created",
    "granular-admin-access-assignment-deleted",
    "granular-admin-access-assignment-updated",
    "granular-admin-relationship-activated",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-expired",
    "granular-admin-relationship-terminated",
    "invoice-ready",
    "new-commerce-migration-completed",
    "new-commerce-migration-created",
    "new-commerce-migration-failed",
    "new-commerce-migration-schedule-failed",
    "reseller-relationship-accepted-by-customer",
    "subscription-updated",
    "usagerecords-thresholdExceeded",
)
