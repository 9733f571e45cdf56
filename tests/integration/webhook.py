# SPDX-License-Identifier: ISC
"""webhook.py DIR - receives webhooks on 127.0.0.1. It writes its port to
DIR/port, and for each request a line of JSON with path, headers and body to
DIR/requests. DIR/status, if it exists, holds the status of the responses."""
import http.server
import json
import os
import sys

directory = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(directory + '/requests', 'a', encoding='utf-8') as out:
            print(json.dumps({'path': self.path, 'body': body.decode(),
                              'headers': {k.lower(): v for k, v in self.headers.items()}}),
                  file=out)
        status = 204
        if os.path.exists(directory + '/status'):
            with open(directory + '/status', encoding='ascii') as given:
                status = int(given.read())
        self.send_response(status)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
with open(directory + '/port.new', 'w', encoding='ascii') as port:
    port.write(str(server.server_port))
os.rename(directory + '/port.new', directory + '/port')
server.serve_forever()
