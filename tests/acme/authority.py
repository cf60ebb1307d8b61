"""A certificate authority that speaks ACME (RFC 8555) as far as an order takes it: it checks signatures, nonces and proofs
as a real one does, over HTTPS.

    authority.py ROOT [refusing|brief]

Writes what vouches for it and for all that it signs to ROOT, prints its directory's URL, and waits for a line with two
ports: where plain HTTP and HTTPS of all names come in, at 127.0.0.1; 0 for none. It offers the proofs that have a port,
signs for two days, and prints each account and each proof that it takes. refusing: it takes none; brief: the first that
it signs is in the last third of its life three seconds later.
"""

import base64, datetime, hashlib, http.client, http.server, json, os, socket, ssl, sys, tempfile, threading
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
root_file, refusing, brief = sys.argv[1], "refusing" in sys.argv[2:], "brief" in sys.argv[2:]
LIFE = (3600, 2 * 24 * 3600)  # seconds that a certificate has been good for, and still is
http_port = tls_port = 0
has_ports = threading.Event()

lock = threading.Lock()
nonces, accounts, orders, authorizations, certificates = set(), {}, {}, {}, {}
root_key = ec.generate_private_key(ec.SECP256R1())
root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root of the tests")])


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(jwk):
    told = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    return coded(hashlib.sha256(told.encode()).digest())


def public_key(jwk):
    x, y = (int.from_bytes(decoded(jwk[name]), "big") for name in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


class Refused(Exception):
    def __init__(self, status, kind, detail):
        self.status = status
        self.problem = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}


class Authority(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def url(self, path):
        return f"https://localhost:{self.server.server_port}{path}"

    def answer(self, status, body=None, location=None, kind="application/json"):
        text = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        nonce = coded(os.urandom(16))
        with lock:
            nonces.add(nonce)
        self.send_response(status)
        self.send_header("Replay-Nonce", nonce)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def do_HEAD(self):
        self.answer(200)

    def do_GET(self):
        if self.path != "/directory":
            return self.answer(405)
        places = {"newNonce": "/nonce", "newAccount": "/account", "newOrder": "/order"}
        places |= {"revokeCert": "/revoke", "keyChange": "/key"}
        self.answer(200, {name: self.url(path) for name, path in places.items()})

    def do_POST(self):
        try:
            self.answer(*self.asked())
        except Refused as refused:
            self.answer(refused.status, refused.problem, kind="application/problem+json")

    def signed(self):
        """What was asked, by whom; refuses what isn't signed as it must be (RFC 8555 §6.2 to §6.5)."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        head = json.loads(decoded(body["protected"]))
        if self.headers["Content-Type"] != "application/jose+json" or head["url"] != self.url(self.path):
            raise Refused(400, "malformed", "media type or URL")
        with lock:
            if head["nonce"] not in nonces:
                raise Refused(400, "badNonce", "a nonce of nobody")
            nonces.discard(head["nonce"])
        jwk = head["jwk"] if self.path == "/account" else accounts.get(head["kid"])
        if jwk is None:
            raise Refused(400, "accountDoesNotExist", "an account of nobody")
        signature = decoded(body["signature"])
        halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        signed = f"{body['protected']}.{body['payload']}".encode()
        public_key(jwk).verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
        return (json.loads(decoded(body["payload"])) if body["payload"] else None), jwk

    def asked(self):
        payload, jwk = self.signed()
        _, what, *number = self.path.split("/")
        if what == "account":
            if not payload["termsOfServiceAgreed"]:
                raise Refused(403, "userActionRequired", "the terms")
            place = self.url(f"/account/{len(accounts)}")
            accounts[place] = jwk
            print("account", *payload.get("contact", []), flush=True)
            return 201, {"status": "valid"}, place
        if what == "order" and not number:
            return self.ordered(payload)
        if what == "order":
            return 200, self.shown(number[0])
        if what == "authorization":
            return 200, authorizations[number[0]]
        if what == "challenge":
            return 200, self.looked(number, thumbprint(jwk))
        if what == "finalize":
            return self.finalized(number[0], payload)
        if what == "certificate":
            return 200, certificates[number[0]], None, "application/pem-certificate-chain"
        raise Refused(404, "malformed", self.path)

    def ordered(self, payload):
        has_ports.wait()
        number, places = str(len(orders)), []
        kinds = [kind for kind, port in (("http-01", http_port), ("tls-alpn-01", tls_port)) if port]
        for identifier in payload["identifiers"]:
            name = str(len(authorizations))
            challenges = [
                {"type": kind, "status": "pending", "token": coded(os.urandom(24)), "url": self.url(f"/challenge/{name}/{n}")}
                for n, kind in enumerate(["dns-01", *kinds])
            ]
            authorizations[name] = {"status": "pending", "identifier": identifier, "challenges": challenges}
            places.append(self.url(f"/authorization/{name}"))
        orders[number] = {
            "status": "pending", "identifiers": payload["identifiers"], "authorizations": places,
            "finalize": self.url(f"/finalize/{number}"),
        }
        return 201, self.shown(number), self.url(f"/order/{number}")

    def shown(self, number):
        order = orders[number]
        states = [authorizations[place.rsplit("/", 1)[1]]["status"] for place in order["authorizations"]]
        if order["status"] == "pending" and "invalid" in states:
            order["status"] = "invalid"
        if order["status"] == "pending" and all(state == "valid" for state in states):
            order["status"] = "ready"
        return order

    def looked(self, number, account):
        authorization = authorizations[number[0]]
        challenge = authorization["challenges"][int(number[1])]
        name = authorization["identifier"]["value"]
        expected = f"{challenge['token']}.{account}"
        look = {"http-01": over_http, "tls-alpn-01": over_tls}[challenge["type"]]
        problem = "no proof is taken" if refusing else look(name, challenge["token"], expected)
        if problem:
            challenge["error"] = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": problem}
        else:
            print("proof", challenge["type"], name, flush=True)
        challenge["status"] = authorization["status"] = "invalid" if problem else "valid"
        return challenge

    def finalized(self, number, payload):
        order = self.shown(number)
        if order["status"] != "ready":
            raise Refused(403, "orderNotReady", order["status"])
        request = x509.load_der_x509_csr(decoded(payload["csr"]))
        names = names_in(request)
        if not request.is_signature_valid or sorted(names) != sorted(i["value"] for i in order["identifiers"]):
            raise Refused(400, "badCSR", f"names {names}")
        life = (57, 33) if brief and not certificates else LIFE
        given = signed_by_root(x509.Name([]), request.public_key(), names, life)
        certificates[number] = pem(given) + pem(root)
        order["status"], order["certificate"] = "valid", self.url(f"/certificate/{number}")
        return 200, order, self.url(f"/order/{number}")


def names_in(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def over_http(name, token, expected):
    asked = http.client.HTTPConnection("127.0.0.1", http_port, timeout=10)
    asked.request("GET", f"/.well-known/acme-challenge/{token}", headers={"Host": name})
    answer = asked.getresponse()
    got = answer.read().decode(errors="replace")
    return None if answer.status == 200 and got == expected else f"{answer.status} {got!r} where {expected!r} was to be"


def over_tls(name, token, expected):
    """RFC 8737 §3: a certificate that vouches for itself, for the name alone, with the digest in a critical extension."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    try:
        with socket.create_connection(("127.0.0.1", tls_port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as ciphered:
                chosen = ciphered.selected_alpn_protocol()
                shown = x509.load_der_x509_certificate(ciphered.getpeercert(True))
    except OSError as error:
        return f"over TLS: {error}"
    names = names_in(shown)
    identifier = shown.extensions.get_extension_for_oid(ACME_IDENTIFIER)
    digest = b"\x04\x20" + hashlib.sha256(expected.encode()).digest()
    right = chosen == "acme-tls/1" and names == [name] and identifier.critical and identifier.value.value == digest
    return None if right else f"{chosen}, {names}, {identifier}"


def signed_by_root(subject, key, names=None, life=LIFE):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(root_name, subject, key, x509.random_serial_number())
    since, left = (datetime.timedelta(seconds=seconds) for seconds in life)
    builder = builder.not_valid_before(now - since).not_valid_after(now + left)
    if names is None:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(names, critical=True)
    return builder.sign(root_key, hashes.SHA256())


def own_tls():
    """What its clients see: a certificate for localhost that its root vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    told = pem(signed_by_root(x509.Name([]), key.public_key(), ["localhost"])) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile() as file:
        file.write(told)
        file.flush()
        context.load_cert_chain(file.name)
    return context


root = signed_by_root(root_name, root_key.public_key())
with open(root_file, "wb") as file:
    file.write(pem(root))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
server.socket = own_tls().wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"https://localhost:{server.server_port}/directory", flush=True)
for line in sys.stdin:
    http_port, tls_port = map(int, line.split())
    has_ports.set()
