"""A gate before an S3 that makes of it what Google's XML API is to a client: LISTEN_PORT TARGET_PORT.

Who comes must bear a signed token of three parts; the S3 behind it gets a header of its own kind instead."""
import http.client, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTEN, TARGET = int(sys.argv[1]), int(sys.argv[2])
SCOPE = "gcs/20260101/us-east-1/s3/aws4_request"
INSIDE = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0"


class Gate(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def passes(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "")
        if not token.startswith("Bearer ") or token.count(".") != 2:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("authorization", "host")}
        inside = http.client.HTTPConnection("127.0.0.1", TARGET)
        inside.request(self.command, self.path, body, {**headers, "Authorization": INSIDE})
        answer = inside.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = passes

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", LISTEN), Gate).serve_forever()
