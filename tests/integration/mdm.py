# SPDX-License-Identifier: ISC
"""mdm.py DIRECTORY - stands in for NanoMDM, MicroMDM and Fleet on loopback.

It answers the calls with which these servers receive a push certificate, and
makes the checks that they make. DIRECTORY/port then has its port. The files
nanomdm.pem, micromdm.cert, micromdm.key and fleet.pem in DIRECTORY are what has
arrived; DIRECTORY/fail has the number of requests that get 503 first. Every
request is a line of DIRECTORY/log. The key of each API is s3"cr\\et.
"""
import base64
import http.server
import json
import os
import re
import subprocess
import sys
import urllib.parse

DIRECTORY = sys.argv[1]
SECRET = 's3"cr\\et'


def place(name):
    return os.path.join(DIRECTORY, name)


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


def end_of(pem):
    text = openssl("x509", "-noout", "-enddate", "-dateopt", "iso_8601",
                   data=pem).decode()
    return text.strip().partition("=")[2].replace(" ", "T")


def topic_of(pem):
    name = openssl("x509", "-noout", "-subject", "-nameopt", "RFC2253",
                   data=pem).decode()
    return re.search(r"(?:UID|userId)=([^,\n]+)", name).group(1)


def check_pair(body):
    """NanoMDM: a certificate, then its key in any form, not encrypted."""
    kinds = re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", body)
    if kinds[:1] != [b"CERTIFICATE"] or len(kinds) != 2:
        raise ValueError("not a certificate and a key")
    if kinds[1] not in (b"PRIVATE KEY", b"RSA PRIVATE KEY"):
        raise ValueError("the key is encrypted or unknown")
    ours = openssl("x509", "-noout", "-pubkey", data=body)
    if ours != openssl("pkey", "-pubout", data=body):
        raise ValueError("the key is not that of the certificate")
    return topic_of(body)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, content, kind="application/json"):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def allowed(self, user):
        want = "Bearer " + SECRET
        if user:
            pair = f"{user}:{SECRET}".encode()
            want = "Basic " + base64.b64encode(pair).decode()
        return self.headers.get("Authorization") == want

    def fails(self):
        try:
            with open(place("fail"), encoding="ascii") as f:
                left = int(f.read())
        except FileNotFoundError:
            return False
        with open(place("fail"), "w", encoding="ascii") as f:
            f.write(str(max(left - 1, 0)))
        return left > 0

    def nanomdm(self, body, topic):
        if self.command == "PUT":
            topic = check_pair(body)
            with open(place("nanomdm.pem"), "wb") as f:
                f.write(body)
        with open(place("nanomdm.pem"), "rb") as f:
            held = f.read()
        if topic != topic_of(held):
            return self.reply(404, {"error": "no such topic"})
        return self.reply(200, {"topic": topic, "not_after": end_of(held)})

    def micromdm(self, body):
        if self.command == "PUT":
            sent = json.loads(body)
            for name in ("cert", "key"):
                with open(place("micromdm." + name), "wb") as f:
                    f.write(base64.b64decode(sent[name], validate=True))
            return self.reply(200, {})
        with open(place("micromdm.cert"), "rb") as f:
            der = openssl("x509", "-outform", "DER", data=f.read())
        return self.reply(200, der, "application/x-x509-ca-cert")

    def fleet(self, path, body):
        if path.endswith("apns_certificate") and self.command == "POST":
            found = re.search(
                rb'name="certificate".*?\r\n\r\n(.*?)\r\n--', body, re.S)
            if b"PRIVATE KEY" in body or not found:
                raise ValueError("not one certificate")
            with open(place("fleet.pem"), "wb") as f:
                f.write(found.group(1))
            return self.reply(202, {})
        with open(place("fleet.pem"), "rb") as f:
            return self.reply(200, {"renew_date": end_of(f.read())})

    def handle_call(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.body()
        with open(place("log"), "a", encoding="ascii") as f:
            f.write(f"{self.command} {url.path}\n")
        topic = urllib.parse.parse_qs(url.query).get("topic", [""])[0]
        routes = {
            "/v1/pushcert": ("nanomdm", lambda: self.nanomdm(body, topic)),
            "/v1/config/certificate":
                ("micromdm", lambda: self.micromdm(body)),
            "/api/v1/fleet/mdm/apple/apns_certificate":
                ("", lambda: self.fleet(url.path, body)),
            "/api/v1/fleet/apns": ("", lambda: self.fleet(url.path, body)),
        }
        if url.path not in routes:
            return self.reply(404, {})
        user, answer = routes[url.path]
        if not self.allowed(user):
            return self.reply(401, {})
        if self.fails():
            return self.reply(503, {})
        try:
            return answer()
        except (ValueError, KeyError, subprocess.CalledProcessError) as why:
            return self.reply(400, {"error": str(why)})

    do_GET = do_PUT = do_POST = handle_call


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(place("port.new"), "w", encoding="ascii") as port:
    port.write(str(server.server_port))
os.rename(place("port.new"), place("port"))
server.serve_forever()
