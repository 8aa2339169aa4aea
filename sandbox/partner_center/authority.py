"""A local certificate authority that looks like Microsoft's: root, intermediate, and leaves that sign webhooks.

Also issues the certificates an attacker might present. Delivery itself is `webhooks.py`.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

ORGANIZATION = "Microsoft Corporation"
HOST = "pcnotifications-dispatch.microsoft.com"
INTERMEDIATE_URL = "http://www.microsoft.com/pkiops/certs/sandbox-intermediate.crt"


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        """The certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, body: bytes) -> str:
        """Base64 of the RSA PKCS#1 v1.5 signature with SHA-256 over the raw body."""
        return base64.b64encode(self.key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


class Authority:
    """Root, intermediate and the genuine leaf, valid around `now`."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._number = 0
        self.root = self._authority("Sandbox Root CA", None)
        self.intermediate = self._authority("Sandbox TLS Issuing CA", self.root)
        self.leaf = self.issue()

    @property
    def root_pem(self) -> bytes:
        """What a receiver must trust."""
        return self.root.pem

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Leaf, intermediate, root."""
        return (self.leaf.certificate, self.intermediate.certificate, self.root.certificate)

    def issue(
        self,
        *,
        organization: str = ORGANIZATION,
        host: str = HOST,
        begins: timedelta = timedelta(days=-30),
        ends: timedelta = timedelta(days=335),
        bits: int = 2048,
        self_signed: bool = False,
    ) -> Issued:
        """A leaf; the defaults make the genuine one, each argument one kind of wrong one."""
        self._number += 1
        key = rsa_key(f"leaf {self._number}", bits)
        name = _name(organization, host)
        signer = Issued(_placeholder(name, key, self._now), key) if self_signed else self.intermediate
        builder = (
            self._builder(name, key, signer, begins, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(_usage(signing=False), critical=True)
            .add_extension(_where_the_issuer_is(), critical=False)
        )
        return Issued(builder.sign(signer.key, hashes.SHA256()), key)

    def expired(self) -> Issued:
        """A leaf that ended yesterday."""
        return self.issue(begins=timedelta(days=-400), ends=timedelta(days=-1))

    def other_organization(self) -> Issued:
        """A leaf that chains, for somebody else."""
        return self.issue(organization="Contoso Ltd")

    def other_name(self) -> Issued:
        """A Microsoft leaf for another host."""
        return self.issue(host="www.microsoft.com")

    def self_signed(self) -> Issued:
        """A leaf with the right names and no chain."""
        return self.issue(self_signed=True)

    def short_key(self) -> Issued:
        """A leaf with a 1024-bit key."""
        return self.issue(bits=1024)

    def _authority(self, common_name: str, issuer: Issued | None) -> Issued:
        key, name = rsa_key(common_name), _name(ORGANIZATION, common_name)
        signer = issuer or Issued(_placeholder(name, key, self._now), key)
        builder = (
            self._builder(name, key, signer, timedelta(days=-3650), timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signing=True), critical=True)
        )
        if issuer:
            server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = builder.add_extension(server, critical=False)
        return Issued(builder.sign(signer.key, hashes.SHA256()), key)

    def _builder(
        self, name: x509.Name, key: rsa.RSAPrivateKey, signer: Issued, begins: timedelta, ends: timedelta
    ) -> x509.CertificateBuilder:
        known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(signer.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + begins)
            .not_valid_after(self._now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(known_by, critical=False)
        )


@cache
def rsa_key(purpose: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key per purpose and process: making keys is slow, and no test depends on a fresh one."""
    del purpose
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _placeholder(name: x509.Name, key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    """Something with a subject, so that a self-signed certificate can name its signer."""
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def _usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signing,
        crl_sign=signing,
        encipher_only=False,
        decipher_only=False,
    )


def _where_the_issuer_is() -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier(INTERMEDIATE_URL)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)])
