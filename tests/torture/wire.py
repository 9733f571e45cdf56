# SPDX-License-Identifier: ISC
#
# wire.py SERVER PORT DIRECTORY [--full] - a hostile client that controls each
# byte. DIRECTORY has tokens and server.log.
import os
import random
import re
import socket
import sys

PATH = "/v1.0/deviceManagement/applePushNotificationCertificate"

POISONS = [
    b"a\r\nForged: 1", b"a\nForged: 1", b"a\rForged: 1", b"a\r\n\r\nForged: 1",
    b"a\0Forged: 1", b"a\033[2JForged: 1", b"a%0d%0aForged:%201",
    b"a%250d%250aForged:%201", b"a%00Forged:%201", b"a\xe9\xff\x80Forged: 1",
    b"a\xc2\x85\xe2\x80\xa8Forged: 1", b"a\xc0\x8a\xe0\x80\x8aForged: 1",
    b"a\x7f\xc2\x9b2JForged: 1", b"a\\r\\nForged: 1",
    b"a\\u000d\\u000aForged: 1\\u0000", b'a","Forged":"1',
    b"<script>Forged</script>", b"\tForged: 1", b" Forged : 1",
]
HEADERS = ["Authorization", "Accept", "Prefer", "If-Match", "If-None-Match",
           "client-request-id", "Content-Type", "Content-Encoding", "Host",
           "Pushcert-Allow-Topic-Change", "Range", "Expect", "Cookie",
           "X-Forwarded-For", "X-Forwarded-Proto", "X-HTTP-Method-Override",
           "Transfer-Encoding", "Content-Length", "Connection", "Proxy",
           "Accept-Encoding", "X-Unknown"]
FIELDS = ["appleIdentifier", "topicIdentifier", "expirationDateTime",
          "certificateUploadStatus", "certificateUploadFailureReason",
          "certificate", "id", "@odata.type", "lastModifiedDateTime", None]
METHODS = ["GET", "PATCH", "OPTIONS", "DELETE"]


class Wrong(Exception):
    pass


def must(holds, about, sent=b"", got=b""):
    if not holds:
        raise Wrong(f"{about}\n    {sent!r}\n    {got[:1000]!r}")


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


class Wire:
    def __init__(self, server, port, directory):
        self.server = server
        self.port = port
        self.log = os.path.join(directory, "server.log")
        self.seen = 0
        for line in open(os.path.join(directory, "tokens")):
            tenant, right, token = line.split()
            if (tenant, right) == ("1", "ReadWrite"):
                self.token = token

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def request(self, method="GET", path=PATH, headers=(), body=None,
                close=True):
        all_headers = {"Host": f"127.0.0.1:{self.port}",
                       "Authorization": f"Bearer {self.token}"}
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            all_headers["Content-Length"] = str(len(body))
        if close:
            all_headers["Connection"] = "close"
        lines = {k: v.encode() for k, v in all_headers.items()}
        lines.update(headers)
        return (octets(method) + b" " + octets(path) + b" HTTP/1.1\r\n" +
                b"".join(k.encode() + b": " + v + b"\r\n"
                         for k, v in lines.items()) + b"\r\n" + (body or b""))

    @staticmethod
    def rest(s):
        """All bytes up to the end of the connection."""
        got = b""
        try:
            while piece := s.recv(65536):
                got += piece
        except ConnectionError:
            pass
        return got

    def send(self, data, cut=False):
        with self.connect() as s:
            try:
                s.sendall(data)
                if cut:
                    s.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # The server may close the connection early.
            return self.rest(s)

    def number(self):
        """The number that is stored."""
        got = self.send(self.request())
        m = re.search(rb'"appleIdentifier":"([^"]*)"', got)
        must(m and b" 200 " in got[:16], "a GET is answered", b"", got)
        return m[1]

    # --- bytes that make lines ---------------------------------------------------

    def check_answer(self, sent, got):
        # A line end can turn the request into HTTP 0.9, whose response has no
        # header.
        head = got.split(b"\r\n\r\n")[0] if got.startswith(b"HTTP/") else b""
        must(head or got.startswith((b"{", b"<")), "an answer comes", sent, got)
        must(not re.match(rb"HTTP/1.. 5(?!01)", got), "a status of 5xx", sent,
             got)
        must(all(32 <= c < 127 for c in head.replace(b"\r\n", b"")),
             "a raw byte in a header", sent, got)
        must(not re.search(rb"(?im)^\s*forged", head), "a forged header", sent,
             got)

    def check_log(self, sent):
        """Each new line of the log is the program's own, in visible ASCII."""
        with open(self.log, "rb") as f:
            f.seek(self.seen)
            new = f.read()
        self.seen += len(new)
        must(not re.search(rb"(?m)^\s*Forged", new), "a forged line", sent, new)
        for line in new.split(b"\n"):
            must(not line.startswith(b"pushcert: ") or
                 all(32 <= c < 127 for c in line), "a raw byte in the log",
                 sent, line)

    def poisoned(self, poison):
        for method in METHODS:
            body = b"{}" if method == "PATCH" else None
            yield self.request(method, PATH.encode() + b"/" + poison, body=body)
            yield self.request(method, b"/v1.0/" + poison + PATH.encode(),
                               body=body)
            yield self.request(method, PATH.encode() + b"?$select=" + poison,
                               body=body)
            yield self.request(method, PATH.encode() + b"?" + poison, body=body)
            yield self.request(octets(method) + poison, body=body)
            for name in HEADERS:
                yield self.request(method, headers={name: poison}, body=body)
        for field in FIELDS:
            key = field.encode() if field else poison
            yield self.request("PATCH", body=b'{"' + key + b'":"' + poison +
                               b'"}')

    def inject(self):
        count = 0
        for poison in POISONS:
            for sent in self.poisoned(poison):
                # Some of these bytes end the header early, and the server waits
                # for more; so the client ends the stream.
                got = self.send(sent, cut=True)
                if got:
                    self.check_answer(sent, got)
                self.check_log(sent)
                count += 1
        return count

    # --- requests that end too early ----------------------------------------------

    def cut(self, step):
        # If this body is cut among its blanks, the rest is still valid JSON.
        whole = self.request("PATCH", body=b'{"appleIdentifier":"cut"}' +
                             b" " * 24)
        must(b" 200 " in self.send(whole)[:16], "the whole one is good", whole)
        whole = whole.replace(b'"cut"', b'"666"')
        count = 0
        for at in range(0, len(whole), step):
            got = self.send(whole[:at], cut=True)
            must(not got.startswith(b"HTTP/1.1 2"), "a part is taken",
                 whole[:at], got)
            count += 1
            if count % 16 == 0 or at + step >= len(whole):
                must(self.number() == b"cut", "a part has changed it",
                     whole[:at])
        return count

    # --- unread bodies ----------------------------------------------------------

    def answers(self, s, wanted):
        """Reads this number of responses, or to the end; returns them."""
        got, found = b"", []
        while len(found) < wanted:
            m = re.match(rb"HTTP/1.1 (\d+) .*?\r\n\r\n", got, re.S)
            if m and int(m[1]) == 100:
                got = got[m.end():]
                continue
            length = m and re.search(rb"(?i)\r\ncontent-length: (\d+)", m[0])
            size = m and m.end() + (int(length[1]) if length else 0)
            if m and len(got) >= size:
                found.append((int(m[1]), got[m.end():size]))
                got = got[size:]
                continue
            try:
                piece = s.recv(65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
        return found

    def hide(self, times):
        r = random.Random(1)
        forged = self.request("PATCH", body=b'{"appleIdentifier":"666"}',
                              close=False)
        get = self.request(close=True)
        refusals = [
            (401, {"Authorization": b"Bearer x"}, PATH),
            (400, {}, PATH + "/x"), (415, {"Content-Encoding": b"gzip"}, PATH),
            (400, {}, PATH + "?$top=1"), (400, {}, PATH)]
        count = followed = 0
        for status, headers, path in refusals:
            for _ in range(times):
                body = forged * r.randrange(1, 100)
                first = self.request("PATCH", path, headers, body, close=False)
                at = r.randrange(len(first))
                with self.connect() as s:
                    found = []
                    try:
                        s.sendall(first[:at])
                        s.sendall(first[at:] + get)
                    except OSError:
                        pass
                    found = self.answers(s, 3)
                count += 1
                followed += len(found) > 1
                must([f[0] for f in found] in ([], [status], [status, 200]),
                     f"{status} and then 200", first[:300],
                     repr(found).encode())
                must(len(found) < 2 or b'"666"' not in found[1][1],
                     "what was hidden is done", first[:300])
        must(self.number() == b"cut", "what was hidden is done")
        must(followed > 0, "some connection goes on")
        return count


def main():
    server, port, directory = sys.argv[1:4]
    full = "--full" in sys.argv
    w = Wire(server, int(port), directory)
    try:
        cuts = w.cut(1 if full else 7)
        hidden = w.hide(100 if full else 4)
        poisoned = w.inject()
    except Wrong as e:
        print(f"NOT: {server}: {e}")
        sys.exit(1)
    print(f"{server}: {poisoned} poisoned requests, {cuts} cuts, "
          f"{hidden} unread bodies")


main()
