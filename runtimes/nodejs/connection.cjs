'use strict';

const net = require('node:net');

const READ_BUFFER_BYTES = 65_536;
const HEAD_LIMIT_BYTES = 65_536;
const END_OF_HEAD = '\r\n\r\n';
const API = '/2018-06-01/runtime';
const ASSIGNMENT_REQUEST = 'GET /hearth/assignment HTTP/1.1\r\nHost: runtime\r\n\r\n';
const NEXT_REQUEST = `GET ${API}/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n`;

function postRequest(path, headers, body) {
  return `POST ${API}${path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function parseHead(text) {
  const headers = { status: Number(text.slice(9, 12)) };
  let start = text.indexOf('\r\n') + 2;
  while (start > 1 && start < text.length) {
    let end = text.indexOf('\r\n', start);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', start);
    headers[text.slice(start, colon).toLowerCase()] = text.slice(colon + 1, end).trim();
    start = end + 2;
  }
  return headers;
}

/**
 * The Runtime API over one connection, in as few system calls as possible: the answer to an invocation and the request
 * for the next one leave in one write. `onResponse(headers, bytes, start, end)` is called once for each request,
 * in order; the body is `bytes` from `start` to `end`, valid during the call only.
 */
class RuntimeConnection {
  #socket;
  onResponse = undefined;
  #readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
  /** A response that has not arrived whole: its bytes so far, at the start of the buffer. */
  #kept = undefined;
  #keptBytes = 0;
  /** Of the response that arrives now, once its head is there. */
  #headers = undefined;
  #headBytes = 0;
  #bodyBytes = 0;

  constructor(address) {
    const onread = { buffer: this.#readBuffer, callback: (count) => this.#receive(count) };
    this.#socket = net.connect({ ...address, noDelay: true, onread });
    const leave = () => process.exit(1);
    this.#socket.on('error', leave).on('end', leave).on('close', leave);
    this.release();
  }

  /** Lets the process see an empty event loop although the connection is open. */
  release() {
    this.#socket.unref();
  }

  /** What to run: once, before anything else, in a process that was started without knowing. */
  assignment() {
    this.#send(ASSIGNMENT_REQUEST);
    return new Promise((resolve) => {
      this.onResponse = (_headers, bytes, start, end) => resolve(JSON.parse(bytes.utf8Slice(start, end)));
    });
  }

  next() {
    this.#send(NEXT_REQUEST);
  }

  respondAndNext(requestId, headers, body) {
    this.#send(postRequest(`/invocation/${requestId}/response`, headers, body) + NEXT_REQUEST);
  }

  failAndNext(requestId, headers, body) {
    this.#send(postRequest(`/invocation/${requestId}/error`, headers, body) + NEXT_REQUEST);
  }

  fail(requestId, headers, body) {
    this.#send(postRequest(`/invocation/${requestId}/error`, headers, body));
  }

  /** Begins a response that is written bit by bit. The open connection alone does not keep the process busy meanwhile. */
  beginStream(requestId, headers) {
    this.#socket.write(
      `POST ${API}/invocation/${requestId}/response HTTP/1.1\r\nHost: runtime\r\nTransfer-Encoding: chunked\r\n${headers}\r\n`,
    );
  }

  /** `sent` is called once the platform has taken the bytes. */
  streamChunk(bytes, sent) {
    if (bytes.length === 0) {
      sent?.();
      return;
    }
    this.#socket.cork();
    this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(bytes);
    this.#socket.write('\r\n', 'latin1', sent);
    this.#socket.uncork();
  }

  endStream(trailers, thenNext) {
    if (trailers) this.#socket.ref();
    this.#socket.write(`0\r\n${trailers}\r\n${thenNext ? NEXT_REQUEST : ''}`, 'latin1');
  }

  failInit(headers, body) {
    this.#send(postRequest('/init/error', headers, body));
  }

  #send(text) {
    this.#socket.ref();
    this.#socket.write(text, 'utf8');
  }

  #receive(count) {
    if (this.#kept === undefined) this.#consume(this.#readBuffer, count);
    else this.#consume(this.#append(count), this.#keptBytes);
  }

  #append(count) {
    const total = this.#keptBytes + count;
    if (total > this.#kept.length) this.#kept = Buffer.concat([this.#kept], total * 2);
    this.#readBuffer.copy(this.#kept, this.#keptBytes, 0, count);
    this.#keptBytes = total;
    return this.#kept;
  }

  /** Hands out every response that is whole and keeps the rest. */
  #consume(bytes, filled) {
    let start = 0;
    for (
      let end = this.#takeResponse(bytes, 0, filled);
      end > start;
      end = this.#takeResponse(bytes, start, filled)
    ) {
      start = end;
    }
    if (bytes === this.#kept && start === 0) return;
    this.#keep(bytes, start, filled);
  }

  #keep(bytes, start, filled) {
    this.#keptBytes = filled - start;
    if (this.#keptBytes === 0) {
      this.#kept = undefined;
      return;
    }
    const expected = this.#headers === undefined ? READ_BUFFER_BYTES : this.#headBytes + this.#bodyBytes;
    this.#kept = Buffer.allocUnsafe(Math.max(expected, this.#keptBytes));
    bytes.copy(this.#kept, 0, start, filled);
  }

  /** Returns where the response ends, or `start` while it is not whole. */
  #takeResponse(bytes, start, filled) {
    if (this.#headers === undefined && !this.#readHead(bytes, start, filled)) return start;
    const bodyStart = start + this.#headBytes;
    const end = bodyStart + this.#bodyBytes;
    if (end > filled) return start;
    const headers = this.#headers;
    this.#headers = undefined;
    this.onResponse(headers, bytes, bodyStart, end);
    return end;
  }

  #readHead(bytes, start, filled) {
    if (start === filled) return false;
    const text = bytes.latin1Slice(start, Math.min(filled, start + HEAD_LIMIT_BYTES));
    const length = text.indexOf(END_OF_HEAD);
    if (length < 0) {
      if (text.length === HEAD_LIMIT_BYTES) process.exit(1);
      return false;
    }
    this.#headers = parseHead(text.slice(0, length));
    this.#headBytes = length + END_OF_HEAD.length;
    this.#bodyBytes = Number(this.#headers['content-length'] ?? 0);
    return true;
  }
}

module.exports = { RuntimeConnection };
