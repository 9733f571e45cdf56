# SPDX-License-Identifier: ISC
#
# api_fuzz.py SERVER PORT SEED REQUESTS TOKENS CERTIFICATES - sends random
# requests and compares the responses with a model. The model parses bodies with
# Python's own JSON module, and knows the reasons for which each part of a
# request may be refused. The script stops at the first unexpected response and
# prints the request and its number.
import datetime
import gzip
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import urllib.parse

RESOURCE = "deviceManagement/applePushNotificationCertificate"
TYPE = "microsoft.graph.applePushNotificationCertificate"
REQUEST = "ApplePushNotificationCertificateSigningRequest"
UNSET = "0001-01-01T00:00:00Z"
BODY_MAX = 65536
DEPTH_MAX = 32
CERTIFICATE_MAX = 32768
TEXT_MAX = 1024

# A PATCH may set the properties of the documented request.
SEED = json.load(open(os.path.join(os.path.dirname(__file__),
                                   "../integration/seed.json")))
CLIENT = [name for name in SEED if "@" not in name]
DATES = {"expirationDateTime", "lastModifiedDateTime"}
NOT_NULL = {"id", "lastModifiedDateTime", "expirationDateTime"}
SERVER = ["id", "lastModifiedDateTime", "certificateSerialNumber"]
ORDER = ["id", "appleIdentifier", "topicIdentifier", "lastModifiedDateTime",
         "expirationDateTime", "certificateUploadStatus",
         "certificateUploadFailureReason", "certificateSerialNumber",
         "certificate"]
DERIVED = ["topicIdentifier", "expirationDateTime", "certificateUploadStatus",
           "certificateUploadFailureReason", "certificateSerialNumber"]
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)"
                  r"(\.\d{1,12})?)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


class Wrong(Exception):
    pass


def must(holds, about):
    if not holds:
        raise Wrong(about)


# --- the model ---------------------------------------------------------------

def normal_date(text):
    """The normal form of a date; None if the text is not a date."""
    m = DATE.fullmatch(text)
    if not m:
        return None
    year, month, day, hour, minute = (int(m[i]) for i in range(1, 6))
    second = int(m[6] or 0)
    offset = int(m[9]) * 60 + int(m[10]) if m[8] else 0
    if hour > 23 or minute > 59 or offset > 14 * 60 or int(m[10] or 0) > 59:
        return None
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    utc = hour * 60 + minute + (offset if m[8] == "-" else -offset)
    if second > 60 or second == 60 and utc % 1440 != 1439:
        return None
    text = text.upper()
    return text if m[6] else text[:16] + ":00" + text[16:]


def members(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name twice")
    return dict(pairs)


def no_constant(name):
    raise ValueError(name)


def read_json(body):
    """The JSON object, or None if the body is not valid; one mark is skipped."""
    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=members,
                           parse_constant=no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    depth = level = 0
    for token in re.findall(rb'"(?:[^"\\]|\\.)*"|[][{}]', body):
        level += (token in b"{[") - (token in b"}]") if len(token) == 1 else 0
        depth = max(depth, level)
    return value if isinstance(value, dict) and depth <= DEPTH_MAX else None


def read_value(name, value):
    """The value in the stored form; ValueError if it is refused."""
    if value is None and name not in NOT_NULL:
        return None
    if not isinstance(value, str):
        raise ValueError(name)
    if name == "certificate":
        if len(value.encode()) > CERTIFICATE_MAX:
            raise ValueError(name)
    elif len(value) > TEXT_MAX:
        raise ValueError(name)
    if name in DATES:
        value = normal_date(value)
        if value is None:
            raise ValueError(name)
    return value


def read_patch(body):
    """The properties that the body sets; None if it is refused."""
    value = read_json(body)
    if value is None:
        return None
    patch = {}
    for name, v in value.items():
        if name in CLIENT:
            try:
                patch[name] = read_value(name, v)
            except ValueError:
                return None
        elif name == "@odata.type":
            if v not in (TYPE, "#" + TYPE):
                return None
        elif "@odata." in name:
            before = name[:name.index("@")]
            if not name[len(before) + 1:].startswith("odata.") or \
                    before and before not in ORDER:
                return None
        elif name not in SERVER:
            return None
    return patch


class Certificates:
    """Real certificates with the facts derived from them, and invalid ones."""

    def __init__(self, directory):
        def text(name):
            with open(os.path.join(directory, name), newline="") as f:
                return f.read()

        self.real = {}
        for name in ("good", "renewed", "other-topic"):
            facts = self.facts(os.path.join(directory, name + ".pem"))
            self.real[text(name + ".pem")] = facts
            if name == "good":
                for form in ("good-crlf.pem", "good.b64", "good-chain.pem"):
                    self.real[text(form)] = facts
        self.bad = [text(name) for name in (
            "cut.pem", "damaged.pem", "request.pem", "key.pem", "cut.b64",
            "good-and-key.txt", "key-disguised.pem", "p7.pem")]

    @staticmethod
    def facts(path):
        out = subprocess.run(
            ["openssl", "x509", "-in", path, "-noout", "-serial", "-enddate",
             "-subject", "-nameopt", "RFC2253"], check=True,
            capture_output=True, text=True).stdout
        end = datetime.datetime.strptime(
            re.search("notAfter=(.*)", out)[1], "%b %d %H:%M:%S %Y %Z")
        return {"topicIdentifier": re.search("UID=([^,\n]*)", out)[1],
                "expirationDateTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "certificateUploadStatus": "Succeeded",
                "certificateUploadFailureReason": None,
                "certificateSerialNumber": re.search("serial=(.*)", out)[1]}


class Tenant:
    def __init__(self, number, tokens):
        self.number = number
        self.tokens = tokens
        self.marker = f"of tenant {number} alone"
        self.record = None  # the properties, as a response shows them
        self.etag = None
        self.etags = []  # all ETags so far
        self.link = None  # the path of a page of audit events
        self.consent = None  # once it was granted
        self.topic = None  # topic of the newest real certificate, for the guard

    def merged(self, patch, certificates, allowed):
        """The record after the patch, or the status of its refusal."""
        if not patch:
            return self.record if self.record else 404
        if patch.get("appleIdentifier") == patch.get("certificate") == "":
            if not self.record:
                return 404
            return dict.fromkeys(ORDER) | {"expirationDateTime": UNSET,
                                           "id": self.record["id"]}
        old = self.record or dict.fromkeys(ORDER) | {
            "expirationDateTime": UNSET}
        new = dict(old)
        patch = dict(patch)
        real = old["certificateSerialNumber"] is not None
        if real and patch.get("certificate", "") is None:
            del patch["certificate"]
        text = patch.get("certificate")
        derived = certificates.real.get(text)
        if derived:
            topic = derived["topicIdentifier"]
            if self.topic and topic not in (self.topic, allowed):
                return 409
            patch |= derived
        elif text and real:
            return 400
        if real and "certificate" in patch:
            new |= dict.fromkeys(DERIVED) | {"expirationDateTime": UNSET}
        elif real:
            patch = {k: v for k, v in patch.items() if k not in DERIVED}
        new |= patch
        new["certificate"] = new["certificate"] or None
        return new


# --- random requests -----------------------------------------------------------

class Source:
    def __init__(self, seed, certificates):
        self.r = random.Random(seed)
        self.certificates = certificates

    def chance(self, percent):
        return self.r.random() * 100 < percent

    def text(self, tenant):
        r = self.r
        pieces = ["", " ", "ü", "\u2028", "😀", "\\", '"', "\n", "\t", "\0",
                  "</script>", "%0d%0a", "{}", "a\r\nForged: 1", "x" * 200,
                  "\x7f", "\uffff", "e\u0301"]
        t = tenant.marker + "".join(r.choices(pieces, k=r.randrange(6)))
        return t if len(t) <= TEXT_MAX else t[:TEXT_MAX]

    def near_date(self):
        """A date, or one beyond its bounds by one."""
        def at(most):
            return r.choice([0, 1, most - 1, most, r.randrange(most + 1)])

        r = self.r
        fraction = "." + "1" * at(13) if self.chance(30) else ""
        zone = "Z" if self.chance(50) else \
            f"{r.choice('+-')}{at(15):02}:{at(60):02}"
        return f"{r.choice([0, 1, 1900, 2000, 2027, 9999]):04}-{at(13):02}-" \
            f"{r.randrange(26, 33):02}T{at(24):02}:{at(60):02}:{at(61):02}" + \
            fraction + zone

    def date(self):
        r = self.r
        d = r.choice([
            "2027-02-28T23:59:59Z", "2024-02-29T00:00:00+14:00", UNSET,
            "9999-12-31T23:59:59.999999999999-14:00", "2026-11-23t10:00z",
            "2016-12-31T23:59:60Z", "2017-01-01T00:01:27.2282595+03:00",
            self.near_date(), self.near_date()])
        if self.chance(25):
            i = r.randrange(len(d))
            d = d[:i] + r.choice("0123456789TZ:+-. x") + d[i + 1:]
        return d

    def value(self, name, tenant):
        r = self.r
        if self.chance(4):
            return r.choice([0, True, [], {}, 1.5, -1, [1], {"a": "b"}])
        if self.chance(10):
            return None
        if name in DATES:
            return self.date()
        if self.chance(2):
            return "y" * r.choice([TEXT_MAX, TEXT_MAX + 1])
        if name == "certificate":
            if self.chance(25):
                return r.choice(list(self.certificates.real))
            if self.chance(8):
                return r.choice(self.certificates.bad)
            if self.chance(3):
                return "z " * (CERTIFICATE_MAX // 2) + r.choice(["", "z"])
        return "" if self.chance(8) else self.text(tenant)

    def object(self, tenant):
        r = self.r
        if self.chance(3):
            return {}
        if self.chance(5):
            return {"appleIdentifier": "", "certificate": ""}
        if self.chance(10):
            return {"certificate": r.choice(list(self.certificates.real))}
        out = {}
        for name in r.sample(CLIENT, r.randrange(1, len(CLIENT) + 1)):
            out[name] = self.value(name, tenant)
        if self.chance(20):
            out[r.choice(SERVER)] = self.text(tenant)
        if self.chance(20):
            out["@odata.type"] = r.choice([TYPE, "#" + TYPE, "#" + TYPE + "s",
                                           None] if self.chance(20) else
                                          [SEED["@odata.type"]])
        if self.chance(5):
            out[r.choice(["x", "AppleIdentifier", "x@odata.type", "a@b",
                          "certificate@odata.mediaType", "@odata.etag", "",
                          "id@odata.type"])] = self.text(tenant)
        return out

    def spoil(self, body):
        r = self.r
        i = r.randrange(len(body) + 1)
        kind = r.randrange(8)
        if kind == 0:
            return body[:i]
        if kind == 1:
            return body[:i] + body[i + 1:]
        if kind == 2:
            return body[:i] + bytes([r.randrange(256)]) + body[i + 1:]
        if kind == 3:
            return body[:i] + r.choice(
                [b",", b"}", b'"', b"\\", b"\0", b"{", b" ", b"1", b"\n"]) + \
                body[i:]
        if kind == 4:
            return body + r.choice([b" ", b"\n\t", b"x", b"{}", b"\0", b","])
        if kind == 5:
            return r.choice([b"", b" ", b"[]", b"null", b'"x"', b"{}{}", b"{",
                             b'{"appleIdentifier":NaN}', b"\xef\xbb\xbf{}",
                             b"\xef\xbb\xbf\xef\xbb\xbf{}", b"\xff\xfe{\0}\0",
                             b"\xef\xbb\xbf" + body,
                             b'{"appleIdentifier":"a","appleIdentifier":"b"}',
                             b'{"appleIdentifier":"\\ud800"}',
                             b'{"appleIdentifier":"\xff"}',
                             b'{"appleIdentifier":01}',
                             b'{"appleIdentifier":"\x01"}',
                             b'{"x":' + b"[" * 40 + b"]" * 40 + b"}"])
        if kind == 6:
            return body + b" " * (BODY_MAX - len(body) + r.randrange(2))
        return body.replace(b'"a', b'"\\u0061')

    def body(self, tenant):
        o = self.object(tenant)
        body = json.dumps(o, ensure_ascii=self.chance(50)).encode()
        real = self.certificates.real
        # The model cannot predict the result for a damaged certificate.
        if self.chance(25) and o.get("certificate") not in \
                list(real) + self.certificates.bad:
            body = self.spoil(body)
        return body

    def path(self):
        """A path, its root, and the kind of its target."""
        r = self.r
        root = r.choice(["v1.0", "beta", "localtest"])
        kind = r.choices(
            ["resource", "segment", "root", "download", "generate", "health",
             "metrics", "bare"], [80, 4, 2, 3, 0.5, 2, 2, 1])[0]
        rest = {"resource": RESOURCE,
                "segment": r.choice(["x", "deviceManagement", RESOURCE + "/x",
                                     "deviceManagement/%C3%A9", "a/b/c/d",
                                     "deviceManagement/%22%3E", "me",
                                     "beta/" + RESOURCE,
                                     "localtest/" + RESOURCE]),
                "root": RESOURCE, "download": f"{RESOURCE}/download{REQUEST}",
                "generate": f"{RESOURCE}/generate{REQUEST}",
                "health": "health", "metrics": "metrics", "bare": ""}[kind]
        name = "graph/v9" if kind == "root" else root
        if self.chance(20) and kind != "root":
            name = "graph/" + name
        path = "/" + name + ("/" + rest if rest else "")
        if self.chance(15):
            path = "".join(r.choice([c.upper(), c.lower()]) for c in path) \
                if "%" not in path else path
        if self.chance(10):
            path += "/"
        if self.chance(10):
            path = path.replace("/device", r.choice(
                ["//device", "/./device", "/y/../device"]), 1)
        if self.chance(5):
            path = path.replace("Management", "%4Danagement", 1)
        return path, root, kind

    def query(self):
        """A query, the selected properties, and possible refusals."""
        r = self.r
        if self.chance(60):
            return "", ORDER, set()
        kind = r.randrange(7)
        if kind <= 2:
            names = r.sample(ORDER, r.randrange(1, 6))
            text = r.choice(["$select=", "select=", "%24select="]) + r.choice(
                [",", "%2C", ",%20"]).join(names)
            return "?" + text, [n for n in ORDER if n in names], set()
        return r.choice([
            ("?$format=json", ORDER, set()), ("?x=%zz&y", ORDER, set()),
            ("?$select=*", ORDER, set()), ("?&&=&x", ORDER, set()),
            ("?$format=application/json", ORDER, set()),
            ("?$select=id,colour", ORDER, {400}), ("?$top=1", ORDER, {400}),
            ("?$select=id&$select=id", ORDER, {400}),
            ("?$expand=a", ORDER, {400}), ("?$format=xml", ORDER, {400}),
            ("?$select=%zz", ORDER, {400}), ("?$Select=Id", ORDER, {400}),
        ])


# The members of an audit event, and filters: those of scripts, and others.
EVENT = ["id", "displayName", "componentName", "activity", "activityDateTime",
         "activityType", "activityOperationType", "activityResult",
         "correlationId", "category", "actor", "resources"]
FILTERS = [
    "activityDateTime gt 2020-11-29",
    " activityDateTime ge 2020-11-01T00:00:00.000Z and activityDateTime le "
    "2100-11-30T00:00:00.0000000Z",
    "Actor/UserPrincipalName eq 'test@contoso.com' or Resources/any(c: "
    "c/ResourceId ne 'b7e42574')",
    "resources/any(s:s/auditResourceType eq 'Microsoft.Management.Services."
    "Api.ApplePushNotificationCertificate') and activityOperationType ne 'Get'",
    "not (activityResult eq 'Success' and (category eq 'x' or contains("
    "displayName,'Certificate')))",
    "actor/auditActorType eq 'Application' and activity eq null",
    "correlationId ne 00000000-0000-0000-0000-000000000000",
]


# --- one request and its response --------------------------------------------

class Peer:
    """One connection at a time, open for as long as the server allows."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def ask(self, method, path, headers, body, chunked):
        lines = [f"{method} {path} HTTP/1.1".encode(),
                 f"Host: 127.0.0.1:{self.port}".encode()]
        lines += [f"{k}: {v}".encode("latin-1") for k, v in headers]
        if chunked:
            lines.append(b"Transfer-Encoding: chunked")
            body = b"".join(
                b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000])
                for i in range(0, len(body), 1000)) + b"0\r\n\r\n"
        elif body or method in ("PATCH", "POST", "PUT"):
            lines.append(b"Content-Length: %d" % len(body))
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port),
                                                   timeout=20)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        answer = http.client.HTTPResponse(self.socket, method=method)
        answer.begin()
        text = answer.read()
        if answer.will_close:
            self.socket.close()
            self.socket = None
        if answer.getheader("Content-Encoding") == "gzip":
            text = gzip.decompress(text)
        return answer.status, answer.headers, text


def check_error(text):
    error = json.loads(text)
    must(list(error) == ["error"], "an error is an error alone")
    error = error["error"]
    inner = error.get("innerError", {})
    must(set(error) <= {"code", "message", "target", "details", "innerError"} and
         isinstance(error["code"], str) and isinstance(error["message"], str),
         "code and message")
    must(set(inner) == {"date", "request-id", "client-request-id"} and
         re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"]) and
         GUID.fullmatch(inner["request-id"]), "innerError")
    for d in error.get("details", []):
        must(set(d) <= {"code", "message", "target"}, "details")


def check_entity(text, selected):
    """Checks an entity against the schema; returns its properties."""
    entity = json.loads(text)
    shown = {k: v for k, v in entity.items() if "@" not in k}
    must(list(shown) == selected, f"the properties {list(shown)}")
    for name, value in shown.items():
        must(value is None and name not in NOT_NULL or isinstance(value, str),
             f"{name} is of its type")
        must(name not in DATES or normal_date(value) == value,
             f"{name} is a date")
    must("id" not in shown or GUID.fullmatch(shown["id"]), "id is a GUID")
    must(entity.get("@odata.type", "#" + TYPE) == "#" + TYPE, "@odata.type")
    return shown


def plain_etag(tag):
    return tag and re.sub(r'-(gzip|br|deflate)"$', '"', tag).removeprefix("W/")


def fits_batch(method, path, body):
    """Whether the request means the same as an item of a batch: the URL has
    a root, and the body is one JSON text without blanks around it."""
    if (not re.match(r"/(v1\.0|beta|localtest)/deviceManagement", path, re.I) or
            method not in ("GET", "HEAD", "PATCH", "DELETE") or
            body != body.strip()):
        return False
    try:
        return not body or json.loads(body.decode()) is not None
    except (ValueError, RecursionError):
        return False


def item(method, url, headers, body):
    """An item without its id. Equal names get different letters."""
    names = {}
    for name, value in headers:
        while name in names:
            name = name.swapcase() if name.swapcase() not in names else (
                name.lower() if name.lower() not in names else name + "-")
        names[name] = value
    parts = {"method": method, "url": url, "headers": names}
    text = json.dumps(parts).encode()[1:-1]
    return text + (b',"body":' + body if body else b"")


class Fuzz:
    def __init__(self, server, port, seed, tokens, certificates):
        self.server = server
        self.peer = Peer(port)
        self.source = Source(seed, certificates)
        self.certificates = certificates
        self.tenants = [Tenant(n, tokens[n]) for n in sorted(tokens)]
        self.last = None
        self.counts = {}

    def ask(self, tenant, method, path, headers=(), body=b"", chunked=False):
        self.last = (method, path, list(headers), body, chunked)
        if fits_batch(method, path, body) and self.source.chance(20):
            status, got, text = self.ask_batch(*self.last[:4])
        else:
            status, got, text = self.peer.ask(*self.last)
        self.last += (status, text)
        self.counts[status] = self.counts.get(status, 0) + 1
        must(status < 500, "a status of 5xx")
        must(got["request-id"] and GUID.fullmatch(got["request-id"]),
             "the program has answered, not the server")
        must("Forged" not in got, "a header line is forged")
        everything = text.decode("utf-8") + str(got)
        for other in self.tenants:
            must(other is tenant or other.marker not in everything,
                 f"shows what is {other.marker}")
        if status in (204, 304) or method == "HEAD":
            must(not text, "no content")
        elif got["Content-Type"].startswith("text/plain"):
            must(status == 200 and
                 ("metrics" in path.lower() or "$count" in path), "JSON")
        else:
            must(got["Content-Type"].startswith("application/json"), "JSON")
            json.loads(text)
            if status >= 400:
                check_error(text)
        return status, got, text

    def ask_batch(self, method, path, headers, body):
        """Sends the request as an item of a batch, between a PATCH that
        changes nothing and a GET that depends on it. An item has the response
        that the request has alone, so the model need not know the batch."""
        kind = ("Content-Type", "application/json")
        own = [h for h in headers if h[0] == "Authorization"]
        items = [item("PATCH", f"/{RESOURCE}", [kind], b"{}"),
                 item(method, path, [h for h in headers if h not in own], body),
                 item("GET", f"/beta/{RESOURCE}?$select=id", [], b"")]
        batch = ('{"requests":['.encode() + b",".join(
            b'{"id":"%d",%s%s}' % (n, b'"dependsOn":["1"],' if n == 2 else b"",
                                   text)
            for n, text in enumerate(items)) + b"]}")
        self.last = ("POST", "/v1.0/$batch", own + [kind], batch, False)
        status, got, text = self.peer.ask(*self.last)
        if status != 200:
            return status, got, b"" if method == "HEAD" else text
        answers = json.loads(text)["responses"]
        must([a["id"] for a in answers] == ["0", "1", "2"], "three responses")
        mine = answers[1]
        must((answers[2]["status"] == 424) == (mine["status"] // 100 != 2),
             "424 for what depends on a failed request, and only for that")
        must(("Content-Type" in mine["headers"]) ==
             (mine["status"] not in (204, 304)), "Content-Type of an item")
        message = http.client.HTTPMessage()
        for name, value in mine["headers"].items():
            message[name] = value
        message["request-id"] = got["request-id"]
        shown = mine.get("body", "")
        if not isinstance(shown, str):
            shown = json.dumps(shown, ensure_ascii=False)
        return mine["status"], message, shown.encode()

    def verify(self, tenant):
        """Checks that the state agrees with the model."""
        status, got, text = self.ask(
            tenant, "GET", f"/v1.0/{RESOURCE}",
            [("Authorization", "Bearer " + tenant.tokens["Read"])])
        must(status == (200 if tenant.record else 404), "there, or not there")
        if tenant.record:
            must(check_entity(text, ORDER) == tenant.record,
                 f"the state is not {tenant.record}")
            must(plain_etag(got["ETag"]) == tenant.etag, "its ETag")

    def authorization(self, tenant, faults, write):
        r = self.source.r
        kind = r.choices(["ReadWrite", "Read", "none", "wrong"],
                         [85, 9, 3, 3])[0]
        if kind in tenant.tokens:
            if write and kind == "Read":
                faults.add(403)
            return [("Authorization", "Bearer " + tenant.tokens[kind])]
        faults.add(401)
        return [] if kind == "none" else [
            ("Authorization", r.choice(["Bearer x", "Basic eDp4", "Bearer",
                                        "Bearer " + "A" * 43]))]

    def headers(self, faults):
        s, r = self.source, self.source.r
        out = []
        if s.chance(20):
            accept, ok = r.choice([
                ("*/*", True), ("application/json", True), ("text/html", False),
                ("application/json;odata.metadata=none", True),
                ("application/json;odata.metadata=full", True),
                ("application/json;q=0", False), ("image/*, */*;q=0.1", True)])
            out.append(("Accept", accept))
            faults |= set() if ok else {406}
        if s.chance(10):
            out.append(("client-request-id", r.choice(
                ["my-own", "x" * 64, "x" * 65, "a b", "\xe9", "<>\"'"])))
        if s.chance(10):
            out.append((r.choice(["X-Junk", "Range", "Accept-Language"]),
                        r.choice(["bytes=0-1", "\xff\xfe", "x" * 300, ""])))
        elif s.chance(5):  # Apache serves ranges of compressed responses.
            out.append(("Accept-Encoding", "gzip"))
        return out

    def condition(self, tenant):
        """A value of If-Match or If-None-Match, and whether it matches."""
        kind = self.source.r.randrange(6)
        tag = "W/" + tenant.etag if tenant.etag else '"none"'
        if kind == 0:
            return "*", tenant.record is not None
        if kind == 1 and tenant.etags:
            old = self.source.r.choice(tenant.etags)
            return "W/" + old, bool(tenant.record) and old == tenant.etag
        if kind == 2:
            return '"x"', False
        if kind == 3:
            return '"x", ' + tag[:-1] + '-gzip"', tenant.record is not None
        return tag, tenant.record is not None

    # Each of these methods makes one random request and checks its response.

    def other(self, tenant, method, path, headers):
        """A request that the model does not predict completely."""
        body = self.source.body(tenant) if method in ("POST", "PUT") else b""
        status, _, _ = self.ask(tenant, method, path, headers, body)
        return status

    def read(self, tenant, method, path, headers, faults, selected):
        matches = False
        if self.source.chance(15):
            tag, matches = self.condition(tenant)
            headers.append(("If-None-Match", tag))
        status, got, text = self.ask(tenant, method, path, headers)
        if faults:
            must(status in faults, f"one of {faults}")
            return
        wanted = 404 if not tenant.record else 304 if matches else 200
        must(status == wanted, f"{wanted}")
        if status == 200 and method == "GET":
            shown = check_entity(text, selected)
            must(shown == {k: tenant.record[k] for k in selected},
                 f"the state is not {tenant.record}")

    def change(self, tenant, path, headers, faults, selected):
        s, r = self.source, self.source.r
        body = s.body(tenant)
        kind = r.choices(["json", "charset", "other", "none"],
                         [85, 10, 3, 2])[0]
        if kind == "other":
            headers.append(("Content-Type", "text/plain"))
            faults.add(415)
        elif kind != "none":
            headers.append(("Content-Type", "application/json" + (
                "; charset=utf-8" if kind == "charset" else "")))
        else:
            faults |= {400, 415}  # Caddy invents a type if there is none.
        if s.chance(2):
            headers.append(("Content-Encoding", "gzip"))
            faults.add(415)
        if s.chance(3):
            headers.append(r.choice([
                ("Origin", "https://evil.example"), ("Origin", "null"),
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Site", "same-site")]))
            faults.add(403)
        elif s.chance(3):
            headers.append(("Sec-Fetch-Site", r.choice(["none",
                                                        "same-origin"])))
        allowed = None
        if s.chance(20):
            allowed = r.choice([facts["topicIdentifier"] for facts in
                                self.certificates.real.values()])
            headers.append(("Pushcert-Allow-Topic-Change", allowed))
        dry = s.chance(8)
        minimal = s.chance(8)
        if dry:
            headers.append(("Prefer", "pushcert.dry-run"))
        if minimal:
            headers.append(("Prefer", "return=minimal"))
        if s.chance(20):
            tag, matches = self.condition(tenant)
            headers.append(("If-Match", tag))
            faults |= set() if matches else {412}
        patch, wanted = self.expect_change(tenant, body, faults, allowed)
        status, got, text = self.ask(tenant, "PATCH", path, headers, body,
                                     s.chance(10))
        if faults:
            must(status in faults, f"one of {faults}")
        else:
            must(status == (204 if minimal and not dry else 200), "success")
            shown = check_entity(text, selected) if status == 200 else None
            self.learn(tenant, patch, wanted, shown, got, dry)
        self.verify(tenant)
        if s.chance(10):
            for other in self.tenants:
                self.verify(other)

    def delete(self, tenant, path, headers, faults):
        dry = self.source.chance(30)
        if dry:
            headers.append(("Prefer", "pushcert.dry-run"))
        if self.source.chance(40):
            tag, matches = self.condition(tenant)
            headers.append(("If-Match", tag))
            faults |= set() if matches else {412}
        status, got, _ = self.ask(tenant, "DELETE", path, headers)
        if faults:
            must(status in faults, f"one of {faults}")
        else:
            must(status == (204 if tenant.record else 404), "a removal")
            must(got["ETag"] is None, "what is not there has no ETag")
            if not dry:
                tenant.record = tenant.etag = tenant.topic = None
        self.verify(tenant)

    def expect_change(self, tenant, body, faults, allowed):
        """The patch and the record after it; may add faults."""
        wanted = None
        if len(body) > BODY_MAX:
            faults.add(413)
            return None, None
        patch = read_patch(body)
        if patch is None:
            faults.add(400)
        elif patch.get("certificate") in self.certificates.bad:
            faults.add(400)
        else:
            wanted = tenant.merged(patch, self.certificates, allowed)
            if isinstance(wanted, int):
                faults.add(wanted)
        return patch, wanted

    def learn(self, tenant, patch, wanted, shown, got, dry):
        """Applies the change to the model. Takes from the response only the
        values that the server decides."""
        free = ["id", "lastModifiedDateTime"]
        for name, value in (shown or {}).items():
            must(name in free or value == wanted[name],
                 f"{name} is not {wanted[name]!r}")
        if dry:
            must(got["ETag"] is None, "what was not stored has no ETag")
            return
        tag = plain_etag(got["ETag"])
        before = tenant.record
        removes = patch and (
            patch.get("appleIdentifier") == patch.get("certificate") == "")
        if not patch or before and not removes and all(
                wanted[k] == before[k] for k in ORDER if k not in free):
            must(tag == tenant.etag, "nothing has changed")
            return
        must(tag not in tenant.etags, "an ETag comes twice")
        tenant.etags.append(tag)
        if removes:
            tenant.record = tenant.etag = tenant.topic = None
            return
        tenant.etag = tag
        facts = self.certificates.real.get(wanted["certificate"])
        if facts:
            tenant.topic = facts["topicIdentifier"]
        _, _, text = self.ask(
            tenant, "GET", f"/beta/{RESOURCE}?$select=id,lastModifiedDateTime",
            [("Authorization", "Bearer " + tenant.tokens["ReadWrite"])])
        now = check_entity(text, free)
        if before:
            must(now["id"] == before["id"], "the id is another")
            must(now["lastModifiedDateTime"] >= before["lastModifiedDateTime"],
                 "time goes back")
        tenant.record = wanted | now

    def audit_page(self, tenant, path, options):
        """One page of audit events: their numbers, and the next path."""
        _, _, text = self.ask(
            tenant, "GET", path,
            [("Authorization", "Bearer " + tenant.tokens["ReadWrite"])])
        page = json.loads(text)
        must("value" in page, "a page of events")
        numbers = []
        for event in page["value"]:
            must(event["id"].startswith("a0d17e00-"), "the id of an event")
            numbers.append(int(event["id"][-12:], 16))
            if "$select" not in options:
                must(list(event) == EVENT, "the members of an event")
                must(len(event["resources"]) == 1, "one resource")
        must(len(numbers) <= min(100, int(options.get("$top", 100))),
             "the size of a page")
        link = page.get("@odata.nextLink")
        parts = urllib.parse.urlsplit(link or "")
        return numbers, page.get("@odata.count"), link and \
            parts.path + "?" + parts.query

    def audit_list(self, tenant, root):
        """Reads all pages: each event must come once, in order."""
        r, s = self.source.r, self.source
        options = {}
        if s.chance(60):
            options["$top"] = str(r.choice([1, 2, 7, 50, 99, 100, 200]))
        if s.chance(50):
            options["$select"] = r.choice(["id", "id,resources", "actor,id"])
        up = s.chance(30)
        if up:
            options["$orderby"] = r.choice(
                ["activityDateTime", "ActivityDateTime asc"])
        if s.chance(40):
            options["$filter"] = r.choice(FILTERS)
        if s.chance(30):
            options["$count"] = "true"
        query = urllib.parse.urlencode(
            options, quote_via=r.choice(
                [urllib.parse.quote, urllib.parse.quote_plus]))
        path = f"{root}?{query}"
        seen, total, pages = [], None, 0
        while path and pages < 4:
            numbers, total, path = self.audit_page(tenant, path, options)
            seen += numbers
            pages += 1
        must(seen == sorted(set(seen), reverse=not up), "the order of events")
        if path:
            tenant.link = path
        elif total is not None:
            must(total == len(seen), "the number of events")

    def audit(self):
        """Audit events: lists, single events, and what is refused."""
        r, s = self.source.r, self.source
        tenant = r.choice(self.tenants)
        root = r.choice(["/v1.0/", "/beta/", "/localtest/", "/graph/v1.0/"]) + \
            "deviceManagement/auditEvents"
        if s.chance(40):
            self.audit_list(tenant, root)
            return
        other = r.choice(self.tenants)
        right = r.choice(["ReadWrite", "ReadWrite", "Read"])
        number = r.choice([1, 2, 5, 50, 0, 2**48 - 1])
        event = f"a0d17e00-0000-8000-8000-{number:012x}"
        token = (other.link or "$skiptoken=x").split("$skiptoken=")[1]
        at = r.randrange(len(token))
        spoilt = token[:at] + r.choice("AZaz09-_.") + token[at + 1:]
        path, wanted = r.choice([
            ("/" + event, {200, 404}), (f"('{event}')", {200, 404}),
            ("/x", {404}), ("('x''y')", {404}), ("(x)", {400}),
            ("/$count", {200}), ("/getAuditCategories", {200}),
            ("/microsoft.graph.getAuditCategories()", {200}),
            ("/getAuditActivityTypes(category='Enrollment')", {200}),
            ("/getAuditActivityTypes(category='x''y')", {200}),
            (f"/{event}/x", {400}), ("?$search=a", {400}),
            ("?$expand=actor", {400}), ("?$orderby=category", {400}),
            ("?$top=-1", {400}), ("?$skip=x", {400}), ("?$count=maybe", {400}),
            ("?$select=id,x", {400}), ("?$filter=", {400}),
            ("?$top=0", {200}), ("?$skip=1000", {200}),
            ("?$skiptoken=" + token,
             {200, 400} if other is tenant else {400}),
            ("?$skiptoken=" + spoilt,
             {200, 400} if other is tenant else {400}),
            ("?$filter=" + urllib.parse.quote(self.spoilt_filter()),
             {200, 400}),
        ])
        method = r.choices(["GET", "HEAD", "POST", "DELETE"], [90, 4, 3, 3])[0]
        status, _, _ = self.ask(
            tenant, method, root + path,
            [("Authorization", "Bearer " + tenant.tokens[right])])
        if method in ("POST", "DELETE"):
            wanted = {405} if wanted != {400} or "?" in path else {400, 405}
        elif right == "Read":
            wanted = {403} if wanted != {400} or "?" in path else {400, 403}
        must(status in wanted, f"audit events: {path} is {wanted}")

    def spoilt_filter(self):
        """A filter with a change, which may leave it valid."""
        r = self.source.r
        text = r.choice(FILTERS)
        for _ in range(r.randrange(1, 4)):
            at = r.randrange(len(text) + 1)
            text = text[:at] + r.choice(
                ["", "(", ")", "'", " ", "not ", "and ", "\u00e4", "/", ":",
                 "a", "5", "resources/any(", "\0" if self.source.chance(5)
                 else "or "]) + text[at + r.randrange(3):]
        return text

    def consent(self):
        """A consent is granted once, and stays so."""
        s, r = self.source, self.source.r
        tenant, faults = r.choice(self.tenants), set()
        headers = self.authorization(tenant, faults, True)
        root = r.choice(["beta", "localtest", "beta", "localtest", "v1.0"])
        name = r.choice(["/appleMDMPushCertificate"] * 3 + ["/other"] +
                        ["('appleMDMPushCertificate')"] * 2)
        grants = s.chance(30)
        if root == "v1.0":
            faults = faults & {401} or {400}
        elif name == "/other":
            faults |= {404}
        status, _, text = self.ask(
            tenant, "POST" if grants else "GET",
            f"/{root}/deviceManagement/dataSharingConsents{name}" +
            ("/consentToDataSharing" if grants else ""), headers)
        must(status in (faults or {200}), f"one of {faults or 200}")
        if status != 200:
            return
        got = {k: v for k, v in json.loads(text).items() if "@" not in k}
        must(got["granted"] == bool(tenant.consent or grants), "granted")
        must(not tenant.consent or got == tenant.consent,
             f"the consent is not {tenant.consent}")
        if grants:
            tenant.consent = got

    def step(self):
        s, r = self.source, self.source.r
        if s.chance(4):
            self.audit()
            return
        if s.chance(3):
            self.consent()
            return
        tenant = r.choice(self.tenants)
        path, root, kind = s.path()
        method = r.choices(["PATCH", "GET", "HEAD", "OPTIONS", "DELETE", "PUT",
                            "POST"], [60, 28, 4, 3, 2, 1, 1])[0]
        if kind == "generate" and s.chance(90):
            method = "POST"
        query, selected, faults = s.query()
        faults = set(faults)
        write = (method in ("PATCH", "DELETE") or
                 kind in ("download", "generate"))
        headers = self.authorization(tenant, faults, write)
        headers += self.headers(faults)
        if kind == "resource" and method == "DELETE":
            self.delete(tenant, path + query, headers, faults)
        elif kind != "resource" or method not in ("GET", "HEAD", "PATCH"):
            status = self.other(tenant, method, path + query, headers)
            must(method != "OPTIONS" or kind != "resource" or status == 204 or
                 status in faults, "OPTIONS")
            if kind == "root" and method != "OPTIONS":
                must(status == 404, "an unknown root")
            if method in ("DELETE", "PUT", "POST") and kind != "generate":
                must(status in faults | {400, 404, 405}, "a method for nothing")
        elif method == "PATCH":
            self.change(tenant, path + query, headers, faults, selected)
        else:
            self.read(tenant, method, path + query, headers, faults, selected)


def main():
    server, port, seed, requests, tokens, certificates = sys.argv[1:]
    known = {}
    for line in open(tokens):
        tenant, right, token = line.split()
        known.setdefault(tenant, {})[right] = token
    fuzz = Fuzz(server, int(port), int(seed), known,
                Certificates(certificates))
    for number in range(int(requests)):
        try:
            fuzz.step()
        except Exception as e:
            print(f"NOT: {server}, seed {seed}, request {number}: "
                  f"{type(e).__name__}: {e}")
            for part in fuzz.last:
                print("   ", repr(part)[:2000])
            sys.exit(1)
    print(f"{server}: {requests} requests, {sum(fuzz.counts.values())} answers:",
          ", ".join(f"{n} of {s}" for s, n in sorted(fuzz.counts.items())))


main()
