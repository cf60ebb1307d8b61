"""A server for mails by aiosmtpd: `smtpd.py HOW CERTIFICATE KEY [USER PASSWORD]`, HOW being `plain`, `starttls` or `tls`.
Prints its port, then for each mail that it takes one line of JSON."""

import json
import socket
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

how, certificate, key, *credentials = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
if how != "plain":
    context.load_cert_chain(certificate, key)


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        told = {
            "tls": session.ssl is not None or how == "tls",
            "authenticated": bool(session.authenticated),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("ascii"),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, said):
    known = tuple(part.encode() for part in credentials)
    return AuthResult(success=(said.login, said.password) == known, handled=False)


class Post(Controller):
    def factory(self):
        return SMTP(
            self.handler,
            tls_context=context if how == "starttls" else None,
            authenticator=authenticate if credentials else None,
            auth_required=bool(credentials),
            auth_require_tls=how == "starttls",
        )


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
post = Post(Keeper(), hostname="127.0.0.1", port=port, ssl_context=context if how == "tls" else None)
post.start()
print(port, flush=True)
threading.Event().wait()
