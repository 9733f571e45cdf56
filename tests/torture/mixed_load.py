# SPDX-License-Identifier: ISC
#
# mixed_load.py PROGRAM SECONDS - 30 clients read, write, make keys and send
# wrong tokens, while the tool replaces the key set, makes and revokes tokens,
# makes backups and verifies the store.
import collections
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "integration"))
import service_box  # noqa: E402
from service_box import BODY, ONE, RESOURCE, WRITE, check  # noqa: E402

program, seconds = sys.argv[1], float(sys.argv[2])
GENERATE = RESOURCE.replace("v1.0", "beta") + \
    "/generateApplePushNotificationCertificateSigningRequest"
TENANTS = ["%d1111111-1111-4111-8111-111111111111" % i for i in range(1, 5)]
# Statuses that are allowed besides 200: the record may not exist yet, the key
# of a token may be missing from the current set, and another request may be
# making a key.
LAWFUL = {
    "read": {"200", "404"}, "change": {"200"}, "jwt": {"200", "404", "401"},
    "generate": {"200", "503"}, "metrics": {"200"}, "health": {"200"},
    "wrong": {"401"},
}
answers = collections.Counter()
faults = []


def jwt(b, name):
    key = f"{b.dir}/{name}"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"],
                   check=True, capture_output=True)
    token = subprocess.run(
        [program, "token", "jwt", "--tenant", ONE, "--scope", WRITE, "--key",
         key], check=True, capture_output=True, text=True,
        env=dict(os.environ, PUSHCERT_CONFIG=b.conf), cwd=b.dir).stdout.strip()
    return token, key + ".jwks"


def client(b, kind, request, until):
    while time.monotonic() < until:
        try:
            text = b.ask(**request)
        except OSError as e:
            text = repr(e)
        got = service_box.status(text)
        answers[kind, got] += 1
        if got not in LAWFUL[kind]:
            faults.append((kind, text[:300]))
            return


def tool(b, until, commands):
    n = 0
    while time.monotonic() < until:
        for words in commands(n):
            try:
                b.tool(*words)
                answers["tool", words[0]] += 1
            except AssertionError as e:
                faults.append((words, str(e)))
                return
        n += 1


def make_and_revoke(b, until):
    while time.monotonic() < until:
        token = b.tool("token", "create", "--tenant", TENANTS[0], "--scope",
                       WRITE, "--name", "passing")
        if service_box.status(b.ask(token=token)) not in LAWFUL["read"]:
            faults.append("a new token is not known")
        for line in b.tool("token", "list").splitlines():
            if "passing" in line:
                b.tool("token", "revoke", line.split()[0])
        answers["tool", "token"] += 1


def main():
    b = service_box.Box(program, "log_level = error", "failed_logins = 0",
                        "history_keep = 10", "worker_timeout = 300",
                        "queue_timeout = 120")
    with open(b.conf, "a") as f:
        print(f"jwks_file = {b.dir}/keys.json", file=f)
    sets = [jwt(b, name) for name in ("first", "second")]
    b.tool("jwks", "import", sets[0][1])
    b.tool("tenant", "add", ONE)
    tokens = [b.new_token(t) for t in TENANTS]
    p = b.serve()
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(b, kind, request, until))
               for kind, request in
               [("read", dict(token=tokens[i % 4])) for i in range(9)] +
               [("change", dict(method="PATCH", body=BODY,
                                token=tokens[i % 4])) for i in range(8)] +
               [("jwt", dict(token=sets[i % 2][0])) for i in range(6)] +
               [("generate", dict(method="POST", uri=GENERATE,
                                  token=tokens[i])) for i in range(3)] +
               [("metrics", dict(uri="/v1.0/metrics"))] * 1 +
               [("health", dict(uri="/v1.0/health"))] * 1 +
               [("wrong", dict(token="wrong" * 8))] * 2]
    check("there are 30 clients", len(threads) == 30)
    threads += [
        threading.Thread(target=tool, args=(b, until, lambda n: [
            ("jwks", "import", sets[n % 2][1])])),
        threading.Thread(target=tool, args=(b, until, lambda n: [
            ("backup", b.dir + "/copy.mdb", "--force"), ("verify",)])),
        threading.Thread(target=make_and_revoke, args=(b, until))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    try:
        check("every answer is lawful", not faults, faults[:3])
        for kind in LAWFUL:
            check("each kind was served", any(
                k == kind and n > 0 for (k, s), n in answers.items()), kind)
        check("it goes on", p.poll() is None, b.log()[-2000:])
        check("and ends well", b.end(p, 120) == 0, b.log()[-2000:])
        check("nothing is logged by a sanitizer",
              "Sanitizer" not in b.log(), b.log()[-4000:])
    finally:
        b.close()
    total = sum(answers.values())
    print(f"mixed_load: {total} requests and commands in {seconds:.0f} s,",
          ", ".join(f"{k} {s}: {n}" for (k, s), n in sorted(answers.items())))


main()
