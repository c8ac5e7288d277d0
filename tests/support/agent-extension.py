#!/usr/bin/env python3
"""An external extension for tests. What it does is in variables of the function's; what it sees goes to /tmp and the log.

AGENT_EVENTS      what it registers for, with blanks; INVOKE and SHUTDOWN unless said otherwise
AGENT_SUBSCRIBE   a subscription (JSON) to telemetry; AGENT_API says under which path
AGENT_HOST        where it listens for it; port 4243
AGENT_PLAN        what goes wrong: crash-init, init-error, crash-invoke, exit-error, hang-invoke, slow-invoke, deaf
"""
import http.client, http.server, json, os, socketserver, sys, threading, time

NAME = os.path.basename(__file__)
PLAN = os.environ.get("AGENT_PLAN", "").split()
BASE = "/2020-01-01/extension"
TMP = os.environ.get("TMPDIR", "/tmp")


def note(kind, what):
    with open(f"{TMP}/{NAME}.jsonl", "a") as file:
        file.write(json.dumps([kind, what]) + "\n")


def call(method, path, headers=None, body=None):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request(method, path, body, headers or {})
    answer = api.getresponse()
    return answer.status, dict(answer.headers), json.loads(answer.read() or "null")


class Http(http.server.BaseHTTPRequestHandler):
    refusals = 2 if "refuse" in PLAN else 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Http.refusals > 0:
            Http.refusals -= 1
            return self.send_error(500)
        for event in json.loads(body):
            note("telemetry", event)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            note("telemetry", json.loads(line))


def subscribe(identifier):
    subscription = os.environ.get("AGENT_SUBSCRIBE")
    if not subscription:
        return
    tcp = json.loads(subscription)["destination"]["protocol"] == "TCP"
    if "deaf" not in PLAN:
        server = (socketserver.ThreadingTCPServer if tcp else http.server.ThreadingHTTPServer)(
            (os.environ.get("AGENT_HOST", "sandbox.localdomain"), 4243), Lines if tcp else Http
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.environ.get("AGENT_API", "/2022-07-01/telemetry")
    headers = {"Lambda-Extension-Identifier": identifier}
    note("subscribed", call("PUT", path, headers, subscription)[::2])


def fail(identifier, what):
    headers = {"Lambda-Extension-Identifier": identifier, "Lambda-Extension-Function-Error-Type": "Agent.Broken"}
    print(NAME, what, call("POST", f"{BASE}/{what}/error", headers, "{}")[0], flush=True)
    sys.exit(5)


def main():
    print(NAME, "starts", flush=True)
    if "crash-init" in PLAN:
        sys.exit(3)
    events = os.environ.get("AGENT_EVENTS", "INVOKE SHUTDOWN").split()
    headers = {"Lambda-Extension-Name": NAME, "Lambda-Extension-Accept-Feature": "accountId"}
    status, answer_headers, answer = call("POST", f"{BASE}/register", headers, json.dumps({"events": events}))
    note("registered", [status, answer])
    note("environment", dict(os.environ))
    identifier = answer_headers["Lambda-Extension-Identifier"]
    subscribe(identifier)
    if "init-error" in PLAN:
        fail(identifier, "init")
    while True:
        status, headers, event = call("GET", f"{BASE}/event/next", {"Lambda-Extension-Identifier": identifier})
        note("event", event)
        if event["eventType"] == "SHUTDOWN":
            print(NAME, "ends:", event["shutdownReason"], flush=True)
            if "deaf" in PLAN:
                time.sleep(100)
            sys.exit(0)
        print(NAME, "sees", event["requestId"], flush=True)
        if "crash-invoke" in PLAN:
            sys.exit(4)
        if "exit-error" in PLAN:
            fail(identifier, "exit")
        if "hang-invoke" in PLAN:
            time.sleep(100)
        if "slow-invoke" in PLAN:
            time.sleep(0.7)
            print(NAME, "is done", flush=True)


main()
