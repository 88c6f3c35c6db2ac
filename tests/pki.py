"""A certificate authority, a signer, a time-stamp authority and a revocation list, made for one test run and served locally."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SECRET = "bi-mat-123"
SIGNER = "Trần Thị Thử Nghiệm"
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
Key = rsa.RSAPrivateKey


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Authority:
    """All of it; `url` is where revocation list and time stamps are."""

    folder: Path
    url: str
    root: x509.Certificate
    root_key: Key
    signer: x509.Certificate
    signer_key: Key
    tsa: x509.Certificate
    tsa_key: Key
    revoked: bool = False

    @property
    def p12(self) -> Path:
        path = self.folder / "signer.p12"
        if not path.exists():
            encryption = serialization.BestAvailableEncryption(SECRET.encode())
            path.write_bytes(pkcs12.serialize_key_and_certificates(b"s", self.signer_key, self.signer, [self.root], encryption))
        return path

    @property
    def roots(self) -> Path:
        folder = self.folder / "authorities"
        folder.mkdir(exist_ok=True)
        (folder / "root.pem").write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        return folder

    def crl(self) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - timedelta(minutes=5))
            .next_update(now + timedelta(days=7))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root_key.public_key()), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        return builder.sign(self.root_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def stamp(self, request: bytes) -> bytes:
        import asyncio

        from asn1crypto import keys, tsp
        from asn1crypto import x509 as asn1
        from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

        private = self.tsa_key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        stamper = DummyTimeStamper(
            asn1.Certificate.load(self.tsa.public_bytes(serialization.Encoding.DER)),
            keys.PrivateKeyInfo.load(private),
            certs_to_embed=[asn1.Certificate.load(self.root.public_bytes(serialization.Encoding.DER))],
        )
        return asyncio.run(stamper.async_request_tsa_response(tsp.TimeStampReq.load(request))).dump()


def key() -> Key:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    subject: str, public: rsa.RSAPublicKey, issuer: x509.Name, issuer_key: Key, url: str, kind: str
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
         "crl_sign", "encipher_only", "decipher_only"), False)  # fmt: skip
    for use in ("key_cert_sign", "crl_sign") if kind == "ca" else ("digital_signature", "content_commitment"):
        usage[use] = True
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=kind == "ca", path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if kind != "ca":
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{url}/crl")], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    if kind == "tsa":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer("application/pkix-crl", made.crl())

        def do_POST(self) -> None:
            self.answer("application/timestamp-reply", made.stamp(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, kind: str, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    root_key, signer_key, tsa_key = key(), key(), key()
    root = certificate("CA thử nghiệm", root_key.public_key(), name("CA thử nghiệm"), root_key, url, "ca")
    made = Authority(
        folder, url, root, root_key,
        certificate(SIGNER, signer_key.public_key(), root.subject, root_key, url, "signer"), signer_key,
        certificate("TSA thử nghiệm", tsa_key.public_key(), root.subject, root_key, url, "tsa"), tsa_key,
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def software_token(made: Authority) -> None:
    """A SoftHSM token `tem` with the signer's key and certificate under the label `ky`; sets SOFTHSM2_CONF."""
    import pkcs11
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.util.x509 import decode_x509_certificate

    tokens, conf = made.folder / "tokens", made.folder / "softhsm2.conf"
    tokens.mkdir()
    conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    pem = made.folder / "key.pem"
    pem.write_bytes(
        made.signer_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    for arguments in (
        ["--init-token", "--free", "--label", "tem", "--pin", SECRET, "--so-pin", SECRET],
        ["--import", str(pem), "--token", "tem", "--label", "ky", "--id", "01", "--pin", SECRET],
    ):
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)
    with pkcs11.lib(str(SOFTHSM)).get_token(token_label="tem").open(user_pin=SECRET, rw=True) as session:
        stored = decode_x509_certificate(made.signer.public_bytes(serialization.Encoding.DER))
        stored |= {Attribute.TOKEN: True, Attribute.LABEL: "ky", Attribute.ID: b"\x01"}
        assert stored[Attribute.CLASS] == ObjectClass.CERTIFICATE
        session.create_object(stored)
