# SPDX-License-Identifier: ISC
#
# insecure.py PROGRAM TENANT - runs serve --insecure-any-token on several kinds
# of sockets: it must refuse to start on some, and answer correctly on others.
import os
import socket
import struct
import subprocess
import sys
import time

program, tenant = sys.argv[1:]
flags = ["serve", "--insecure-any-token", "--tenant", tenant]
RESOURCE = "/v1.0/deviceManagement/applePushNotificationCertificate"
passed = 0


def check(name, holds, about=""):
    global passed
    if not holds:
        sys.exit(f"NOT: {name}: {about}")
    passed += 1


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    return struct.pack(">BB", len(name), len(value)) + (name + value).encode()


def ask(s, path=RESOURCE):
    """Sends a GET with a meaningless token; returns the response as text."""
    parameters = b"".join(pair(*p) for p in (
        ("REQUEST_METHOD", "GET"), ("PATH_INFO", path),
        ("HTTP_AUTHORIZATION", "Bearer whatever")))
    s.settimeout(10)
    s.sendall(record(1, b"\0\1\0\0\0\0\0\0") + record(4, parameters) +
              record(4, b"") + record(5, b""))
    answer = b""
    while piece := s.recv(65536):
        answer += piece
    return answer.decode("latin-1")


def listener(address):
    s = socket.socket()
    s.bind((address, 0))
    s.listen()
    return s


def start(more, **options):
    return subprocess.Popen([program, *flags, *more], text=True,
                            stderr=subprocess.PIPE, **options)


def end(p):
    p.terminate()
    return p.communicate(timeout=10)[1]


# Clients from anywhere can reach this address, so the program must not start.
with listener("0.0.0.0") as everybody:
    p = start([], stdin=everybody)
    said = p.communicate(timeout=10)[1]
    check("refuses the whole world", p.returncode == 1, said)
    check("says why", "a unix socket or a loopback address" in said, said)

with listener("127.0.0.1") as loopback:
    p = start([], stdin=loopback)
    with socket.create_connection(loopback.getsockname()) as s:
        answer = ask(s)
    # A page of any site could use the pages, because there is no sign-in.
    with socket.create_connection(loopback.getsockname()) as s:
        pages = ask(s, "/ui/")
    said = end(p)
    check("has no pages", "Status: 404" in pages and "Invalid version: ui"
          in pages, pages)
    check("takes any token on loopback",
          "Status: 404" in answer or "Status: 200" in answer, answer + said)
    check("says so in the answer",
          "\r\nPushcert-Insecure: any-token\r\n" in answer, answer)
    check("says so in the log",
          f"INSECURE: any bearer token has all rights on tenant {tenant}"
          in said, said)

p = start(["--socket", "any.sock"], stdin=subprocess.DEVNULL)
for _ in range(100):
    if os.path.exists("any.sock"):
        break
    time.sleep(0.1)
with socket.socket(socket.AF_UNIX) as s:
    s.connect("any.sock")
    answer = ask(s)
check("takes any token on a unix socket", "Pushcert-Insecure" in answer,
      answer + end(p))
if p.poll() is None:
    end(p)
print(f"{passed} passed")
