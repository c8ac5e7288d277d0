"""A minimal HTTP/1.1 client for the Runtime API: one connection, keep-alive, answer and next request in one write."""

import _socket
import os

API = b"/2018-06-01/runtime"
NEXT_REQUEST = b"GET " + API + b"/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n"
ASSIGNMENT_REQUEST = b"GET /hearth/assignment HTTP/1.1\r\nHost: runtime\r\n\r\n"
NEXT_RESTORE_REQUEST = b"GET " + API + b"/restore/next HTTP/1.1\r\nHost: runtime\r\n\r\n"
END_OF_HEAD = b"\r\n\r\n"
READ_BYTES = 65_536
HEAD_LIMIT_BYTES = 65_536


def take_runtime_address(environ):
    """The Unix socket where the platform gave one, else host and port; the function never sees the former."""
    path = environ.pop("HEARTH_RUNTIME_SOCKET", None)
    if path:
        return path
    host, _, port = environ.get("AWS_LAMBDA_RUNTIME_API", "").partition(":")
    return host, int(port)


class RuntimeConnection:
    def __init__(self, address):
        self._address = address
        self._connect()

    def _connect(self):
        family = _socket.AF_UNIX if isinstance(self._address, str) else _socket.AF_INET
        self._socket = _socket.socket(family, _socket.SOCK_STREAM)
        self._socket.connect(self._address)
        self._received = bytearray()

    def assignment(self):
        """What to run, as JSON: once, before anything else, in a process that was started without knowing."""
        self._socket.sendall(ASSIGNMENT_REQUEST)
        return self._read_response()[1]

    def reconnect(self):
        """In a restored environment: the connection before belonged to the one that was snapshotted."""
        self._socket.close()
        self._connect()

    def next_restore(self):
        """Waits until this process is to go on from its snapshot."""
        self._socket.sendall(NEXT_RESTORE_REQUEST)
        self._read_response()

    def next(self):
        """Waits for an event. Returns its headers, names in lower case, and its body."""
        self._socket.sendall(NEXT_REQUEST)
        return self._read_response()

    def respond_and_next(self, request_id, headers, content_type, body):
        self._post(b"/invocation/" + request_id.encode() + b"/response", headers, content_type, body, NEXT_REQUEST)
        self._read_response()
        return self._read_response()

    def fail_and_next(self, request_id, headers, body):
        self._post(b"/invocation/" + request_id.encode() + b"/error", headers, b"application/json", body, NEXT_REQUEST)
        self._read_response()
        return self._read_response()

    def fail_init(self, headers, body):
        self._post(b"/init/error", headers, b"application/json", body, b"")
        self._read_response()

    def fail_restore(self, headers, body):
        self._post(b"/restore/error", headers, b"application/json", body, b"")
        self._read_response()

    def _post(self, path, headers, content_type, body, following):
        head = b"POST %s%s HTTP/1.1\r\nHost: runtime\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (
            API,
            path,
            content_type,
            headers,
            len(body),
        )
        self._socket.sendall(b"".join((head, body, following)))

    def _read_response(self):
        head_end = self._read_until_head_ends()
        headers = parse_head(self._received[:head_end])
        body_start = head_end + len(END_OF_HEAD)
        body_end = body_start + int(headers.get("content-length", 0))
        while len(self._received) < body_end:
            self._receive()
        body = bytes(self._received[body_start:body_end])
        del self._received[:body_end]
        if headers[":status"] >= 500:
            os._exit(1)
        return headers, body

    def _read_until_head_ends(self):
        searched = 0
        while True:
            head_end = self._received.find(END_OF_HEAD, searched)
            if head_end >= 0:
                return head_end
            if len(self._received) > HEAD_LIMIT_BYTES:
                os._exit(1)
            searched = max(0, len(self._received) - len(END_OF_HEAD))
            self._receive()

    def _receive(self):
        data = self._socket.recv(READ_BYTES)
        # The platform has gone; there is nobody left to report to.
        if not data:
            os._exit(1)
        self._received += data


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    headers = {":status": int(lines[0][9:12])}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers


def header_text(value):
    """A header is one line of visible ASCII: what the function says must not end it."""
    return "".join(c if " " <= c <= "~" else "?" for c in value).encode()
