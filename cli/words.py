"""Errors in plain words: what happened, and what to do. The services' own texts stay out: they quote values.

Sources: "OAuth 2.0 flow errors" (Salesforce), "Microsoft Entra authentication and authorization error codes",
"Partner Center error codes".
"""

from collections.abc import Mapping
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from cli.line import Line, problem
from shared.deal import Side
from shared.errors import ApiError, Forbidden, Rejected, SchemaChanged, Throttled, Unauthorised, Unavailable
from shared.mapping import MappingInvalid
from shared.settings import SettingsInvalid

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
NAMES: Final[Mapping[Side, str]] = {P: "Partner Center", S: "Salesforce"}
LOGIN_AGAIN: Final = "Sign in as the service user, with a second factor: `cosell login`."
PUBLIC_CLIENT: Final = (
    "Entra takes the app for a public client",
    "In the app registration set 'Allow public client flows' to No and http://localhost for Web; then sign in again.",
)

# (side, code in lower case) -> what happened, what to do
CODES: Final[Mapping[tuple[Side, str], tuple[str, str]]] = {
    (S, "invalid_client_id"): (
        "Salesforce does not know the app's consumer key",
        "Correct COSELL_SALESFORCE_CLIENT_ID; a new app needs up to ten minutes until it is known.",
    ),
    (S, "invalid_client"): (
        "Salesforce refuses the app's consumer key or secret",
        "Correct COSELL_SALESFORCE_CLIENT_ID and COSELL_SALESFORCE_CLIENT_SECRET.",
    ),
    (S, "invalid_grant"): (
        "Salesforce refuses the integration user's sign-in",
        "Check that the user is active and pre-authorised for the app, and that login address and audience are right.",
    ),
    (S, "invalid_app_access"): (
        "The integration user is not admitted to the app",
        "Add the app's permission set to the integration user.",
    ),
    (S, "api_disabled_for_org"): (
        "This org or user has no API access",
        "Give the integration user the permission 'API Enabled'; some editions have no API at all.",
    ),
    (S, "invalid_session_id"): (
        "Salesforce refuses the session it has just given",
        "Use the org's My Domain address, and do not lock sessions to an IP address for this user.",
    ),
    (P, "no_refresh_token"): ("There is no refresh token of the service user", LOGIN_AGAIN),
    (P, "key_vault"): (
        "The key vault with the refresh token cannot be read",
        "Give the app's identity 'Key Vault Secrets Officer' on it, and check COSELL_KEY_VAULT_URL.",
    ),
    (P, "aadsts700016"): (
        "Entra does not know the app in this directory",
        "Correct COSELL_ENTRA_CLIENT_ID and COSELL_ENTRA_TENANT_ID.",
    ),
    (P, "aadsts90002"): ("Entra does not know the directory", "Correct COSELL_ENTRA_TENANT_ID."),
    (P, "aadsts7000215"): (
        "Entra refuses the app's secret",
        "Store a valid secret of the app registration in COSELL_ENTRA_CLIENT_SECRET: its value, not its id.",
    ),
    (P, "aadsts7000222"): (
        "The app's secret has expired",
        "Create a new secret of the app registration and store it in COSELL_ENTRA_CLIENT_SECRET.",
    ),
    (P, "aadsts50076"): ("Entra asks the service user for a second factor", LOGIN_AGAIN),
    (P, "aadsts50079"): ("Entra asks the service user to set up a second factor", LOGIN_AGAIN),
    (P, "aadsts50173"): ("The service user's sign-ins were revoked (a new password, or by an admin)", LOGIN_AGAIN),
    (P, "aadsts700082"): ("The refresh token has expired: it was not used for 90 days", LOGIN_AGAIN),
    (P, "aadsts9002313"): (
        "Entra cannot read the refresh token",
        "Correct COSELL_ENTRA_REFRESH_TOKEN, or sign in: `cosell login`.",
    ),
    (P, "aadsts700025"): PUBLIC_CLIENT,
    (P, "aadsts90023"): PUBLIC_CLIENT,
    (P, "aadsts65004"): ("The sign-in was cancelled", "Nothing was changed; start `cosell login` again."),
    (P, "aadsts70019"): ("The code has expired: nobody has entered it", "Start `cosell login` again."),
    (P, "sign_in_timeout"): ("Nobody has signed in within ten minutes", "Start `cosell login` again."),
    (P, "turn_taken"): ("The app is just refreshing its sign-in", "Try again in a minute."),
    (P, "aadsts65001"): (
        "Nobody has consented to the app for Partner Center",
        "Let an admin of the directory consent to the app's delegated permissions for Partner Center.",
    ),
    (P, "900421"): ("Partner Center demands a sign-in with a second factor", LOGIN_AGAIN),
}

# class -> what happened, what to do; first match wins
KINDS: Final[tuple[tuple[type[ApiError], str, str], ...]] = (
    (Unauthorised, "{side} refuses the credentials ({code})", "Check the sign-in settings of {side}."),
    (Forbidden, "{side} does not allow this ({code})", "Check the role and permissions of the user at {side}."),
    (
        Throttled,
        "{side} asks for fewer calls ({code})",
        "Try again later; when it stays, look what else uses up the calls of {side}.",
    ),
    (
        SchemaChanged,
        "Salesforce does not know a field or object that is asked for ({code})",
        "Give the integration user the field, or correct mapping.toml.",
    ),
    (Rejected, "{side} refuses the question ({code})", "Check the base addresses in the settings."),
    (
        Unavailable,
        "{side} cannot be reached or does not answer ({code})",
        "Check the address in the settings, the network and the firewall; look at the service's status page.",
    ),
    (ApiError, "{side} gave no usable answer ({code})", "Try again; check the addresses in the settings."),
)


def in_words(error: Exception) -> list[Line]:
    """A failure as findings. Raises it again when it is none that an operator can put right."""
    if isinstance(error, SettingsInvalid | MappingInvalid):
        return _listed(error)
    if isinstance(error, ApiError):
        return [_api(error)]
    if isinstance(error, AzureError):
        return [_azure(error)]
    raise error


def age(seconds: float) -> str:
    """A length of time for people."""
    for length, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {name}"
    return f"{int(seconds)} s"


def plural(number: int, one: str, many: str = "") -> str:
    """A number with its word."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _listed(error: SettingsInvalid | MappingInvalid) -> list[Line]:
    """One finding per name; both errors list all of them below a heading."""
    first, *more = str(error).splitlines()
    remedy = "docs/settings.md says what each setting means." if isinstance(error, SettingsInvalid) else ""
    return [problem(line.strip().replace("Value error, ", ""), remedy) for line in more or [first]]


def _api(error: ApiError) -> Line:
    known = CODES.get((error.side, error.code.lower()))
    if known:
        return problem(*known)
    code = f"{error.status or ''} {error.code}".strip() or "no answer"
    for kind, text, remedy in KINDS:
        if isinstance(error, kind):
            side = NAMES[error.side]
            return problem(text.format(side=side, code=code), remedy.format(side=side))
    raise AssertionError("unreachable: ApiError is in the table")


def _azure(error: AzureError) -> Line:
    if isinstance(error, ClientAuthenticationError) or getattr(error, "status_code", 0) in (401, 403):
        return problem(
            "The state storage refuses the app's identity or key",
            "Give it 'Storage Table Data Contributor' and 'Storage Queue Data Contributor', or correct COSELL_STORAGE.",
        )
    if isinstance(error, HttpResponseError):
        code = getattr(error, "error_code", None) or error.status_code
        text = f"The state storage refuses the call ({code})"
        return problem(text, "Check the storage account that the settings name.")
    return problem(
        f"The state storage cannot be reached ({type(error).__name__})",
        "Check COSELL_STORAGE or the endpoints, and the storage account's firewall.",
    )
