"""Which certificate is missing between a leaf and the roots, and where its issuer publishes it.

Partner Center publishes the leaf alone, or may; the certificate itself names the place of its issuer's
certificate. Such a place is only believed at the hosts of the setting, by default Microsoft's and DigiCert's
("Azure Certificate Authority details", Microsoft Learn). Pure: fetching belongs in `certificates`, and whatever is
found this way is as untrusted as the leaf until the chain has been verified.
"""

import re

from shared.webhook.x509 import NotCertificates, certificates_in, issuer_places_of

# Certificates name plain-http places; the same files are served over https, and only so are they fetched.
_PLACE = re.compile(r"https?://([a-z0-9.-]+)/[A-Za-z0-9._%/-]+\.(?:crt|cer)", re.A)


def missing_issuer(document: bytes, roots_pem: bytes, hosts: frozenset[str]) -> str | None:
    """Where to get the certificate that issued the last one of `document`: over https, at one of these hosts.

    None when it is there or trusted already, when nothing says where it is, or when that place is not listed.
    """
    try:
        present, trusted = certificates_in(document), certificates_in(roots_pem)
    except NotCertificates:
        return None
    last = present[-1]
    if last.issuer in {certificate.subject for certificate in (*present, *trusted)}:
        return None
    return next((_secure(place) for place in issuer_places_of(last) if _is_listed(place, hosts)), None)


def _secure(place: str) -> str:
    return f"https://{place.partition('://')[2]}"


def _is_listed(place: str, hosts: frozenset[str]) -> bool:
    found = _PLACE.fullmatch(place)
    return found is not None and ".." not in place and found[1] in hosts
