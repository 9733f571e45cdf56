# SPDX-License-Identifier: ISC
#
# service_box.py - a store with a service in a directory of its own, and the web
# server's side of FastCGI, for tests in Python.
import contextlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time

ONE, TWO = ("%s1111111-1111-4111-8111-111111111111" % c for c in "12")
RESOURCE = "/v1.0/deviceManagement/applePushNotificationCertificate"
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"
BODY = b'{"appleIdentifier":"x"}'
# How long any wait may take on a busy machine, in seconds.
TIMEOUT = 30
passed = 0


def count():
    return passed


def check(name, holds, about=""):
    global passed
    if not holds:
        raise AssertionError(f"{name}: {about}")
    passed += 1


def wait_until(condition, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# --- FastCGI ----------------------------------------------------------------

def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def stream(kind, content):
    pieces = range(0, len(content), 65535)
    return b"".join(record(kind, content[i:i + 65535]) for i in pieces)


def pair(name, value):
    lengths = b"".join(struct.pack(">B", len(x)) if len(x) < 128 else
                       struct.pack(">I", len(x) | 1 << 31)
                       for x in (name, value))
    return lengths + (name + value).encode()


def head(method="GET", uri=RESOURCE, token=None, length=None, keep=False):
    """The records of a request before its body."""
    pairs = [("REQUEST_METHOD", method), ("REQUEST_URI", uri),
             ("QUERY_STRING", uri.partition("?")[2]),
             ("REMOTE_ADDR", "127.0.0.1")]
    if token:
        pairs.append(("HTTP_AUTHORIZATION", "Bearer " + token))
    if length is not None:
        pairs += [("CONTENT_TYPE", "application/json"),
                  ("CONTENT_LENGTH", str(length))]
    return (record(1, struct.pack(">HB5x", 1, keep)) +
            stream(4, b"".join(pair(*p) for p in pairs)) + record(4, b""))


def answer(s):
    """The text of a response, or a part of it if the peer ends early."""
    data = text = b""
    while True:
        while len(data) >= 8:
            kind, n, pad = struct.unpack(">xBxxHBx", data[:8])
            if len(data) < 8 + n + pad:
                break
            if kind == 6:
                text += data[8:8 + n]
            if kind == 3:
                return text.decode("latin-1")
            data = data[8 + n + pad:]
        try:
            piece = s.recv(65536)
        except TimeoutError as e:
            raise AssertionError("no response came in time") from e
        except OSError:
            piece = b""
        if not piece:
            return text.decode("latin-1")
        data += piece


def status(text):
    return text[8:11] if text.startswith("Status: ") else text[:3]


# --- a store and its service ------------------------------------------------

class Box:
    def __init__(self, program, *lines):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix="pushcert-box-")
        self.conf, self.socket = self.dir + "/p.conf", self.dir + "/s"
        self.data, self.errors = self.dir + "/data", self.dir + "/errors"
        self.key = self.dir + "/p.key"
        self.running = []
        with open(self.conf, "w") as f:
            print(f"data = {self.data}", f"key_file = {self.key}", *lines,
                  sep="\n", file=f)
        self.tool("init")
        self.token = self.new_token(ONE)

    def run(self, *words, **options):
        options = {"capture_output": True, "text": True, **options}
        return subprocess.run([self.program, *words, "--config", self.conf],
                              timeout=TIMEOUT * 2, **options)

    def tool(self, *words):
        """The output of a command that must succeed."""
        r = self.run(*words)
        check("pushcert " + " ".join(words), r.returncode == 0, r.stderr)
        return r.stdout.strip()

    def new_token(self, tenant, *more):
        return self.tool("token", "create", "--tenant", tenant, "--scope",
                         WRITE, *more)

    def listener(self, address=None):
        s = socket.socket(socket.AF_UNIX)
        s.bind(address or self.socket)
        s.listen(512)
        return s

    def start(self, command=None, errors=None, **options):
        with open(errors or self.errors, "ab") as log:
            p = subprocess.Popen(
                command or [self.program, "serve", "--config", self.conf,
                            "--socket", self.socket],
                **{"stdin": subprocess.DEVNULL,
                   "stdout": subprocess.DEVNULL, "stderr": log, **options})
        self.running.append(p)
        return p

    def serve(self, **options):
        p = self.start(**options)
        check("it starts", wait_until(lambda: self.is_up() or
                                      p.poll() is not None) and
              p.poll() is None, self.log())
        return p

    def is_up(self):
        """The socket is there before the store is open; an answer is not."""
        with contextlib.suppress(OSError):
            return self.ask(uri="/v1.0/health") != ""
        return False

    def connect(self, seconds=TIMEOUT):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(seconds)
        s.connect(self.socket)
        return s

    def begin(self, method="PATCH", body=BODY, sent=b"", **more):
        """A request whose body is not complete."""
        s = self.connect()
        s.sendall(head(method, token=self.token, length=len(body), **more) +
                  (record(5, sent) if sent else b""))
        return s

    def ask(self, method="GET", uri=RESOURCE, token=None, body=None, **more):
        with self.connect() as s:
            s.sendall(head(method, uri, token or self.token,
                           None if body is None else len(body), **more) +
                      stream(5, body or b"") + record(5, b""))
            return answer(s)

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.errors, errors="replace") as f:
                return f.read()
        return ""

    def end(self, p, within=TIMEOUT):
        p.terminate()
        return p.wait(within)

    def close(self):
        for p in self.running:
            if p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(self.dir)


@contextlib.contextmanager
def box(program, *lines):
    b = Box(program, *lines)
    try:
        yield b
    finally:
        b.close()
