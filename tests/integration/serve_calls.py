# SPDX-License-Identifier: ISC
#
# serve_calls.py PROGRAM - lets a service do each kind of its work once, for
# scripts/check-arch, which watches its system calls.
import sys
import threading

import service_box
from service_box import BODY, RESOURCE, check, status

GENERATE = RESOURCE.replace("v1.0", "beta") + \
    "/generateApplePushNotificationCertificateSigningRequest"
CLIENTS = 16

with service_box.box(sys.argv[1]) as b:
    p = b.serve()
    check("reads", status(b.ask()) in ("200", "404"), b.log())
    changes = []
    clients = [threading.Thread(target=lambda: changes.append(
        status(b.ask("PATCH", body=BODY)))) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    check("changes", changes == ["200"] * CLIENTS, changes)
    check("makes a key", status(b.ask("POST", GENERATE)) == "200", b.log())
    check("refuses", status(b.ask(token="no")) == "401", b.log())
    b.begin(sent=BODY[:5]).close()
    check("a change of another process", b.new_token(service_box.TWO) != "")
    check("reads again", status(b.ask()) == "200", b.log())
    check("ends well", b.end(p) == 0, b.log())
print(f"serve_calls: {service_box.count()} passed, 0 failed")
