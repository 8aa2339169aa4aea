"""Reading certificate files: DER or PEM in, certificates out, and one error for all that can be wrong with them.

Whether a certificate is to be believed is decided in `webhook`, with the verifier of `cryptography`.
That library takes a while to import, so it is only imported when a certificate is really read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class NotCertificates(ValueError):
    """Not a certificate file, or one with a part that cannot be made out."""


def certificates_in(document: bytes) -> list[Certificate]:
    """The certificates of a document, at least one. Raises NotCertificates."""
    from cryptography import exceptions, x509
    from cryptography.utils import CryptographyDeprecationWarning

    try:
        if b"-----BEGIN" in document:
            found = x509.load_pem_x509_certificates(document)
        else:
            found = [x509.load_der_x509_certificate(document)]
        for certificate in found:
            # Parts are parsed when they are asked for; ask now, so that nobody has to be prepared later.
            _ = certificate.subject, certificate.issuer, certificate.extensions, certificate.public_key()
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise NotCertificates(type(error).__name__) from None
    except (exceptions.UnsupportedAlgorithm, x509.InvalidVersion, TypeError, CryptographyDeprecationWarning) as error:
        # TypeError is what the name parser raises for a bit string where text belongs.
        raise NotCertificates(type(error).__name__) from None
    if any(certificate.serial_number <= 0 for certificate in found):  # RFC 5280, 4.1.2.2; the library only warns
        raise NotCertificates("serial number")
    return found


def joined(document: bytes, more: bytes) -> bytes:
    """Two documents as one PEM document, in this order. Raises NotCertificates."""
    from cryptography.hazmat.primitives.serialization import Encoding

    found = [*certificates_in(document), *certificates_in(more)]
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in found)


def organizations_of(certificate: Certificate) -> list[str]:
    """Every organization in the subject, as written; a usual certificate has one."""
    from cryptography.x509.oid import NameOID

    return [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]


def dns_names_of(certificate: Certificate) -> frozenset[str]:
    """The host names it was issued for, lower case; wildcards stay as they are."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))


def issuer_places_of(certificate: Certificate) -> list[str]:
    """Where its issuer's certificate can be had, by its own word (RFC 5280, 4.2.2.1)."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        str(each.access_location.value)
        for each in access
        if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    ]
