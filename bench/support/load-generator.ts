/**
 * Closed-loop HTTP load from a process of its own: each connection sends its next request when the last is answered.
 * Arguments: JSON of `LoadPlan`. Prints JSON of `LoadResult`. Hand-written on sockets so that it costs the machine
 * little beside the servers it measures.
 */
import { connect, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';

export interface LoadPlan {
  readonly port: number;
  /** A whole request, head and body. */
  readonly request: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

class Caller {
  readonly latenciesMs: number[] = [];
  readonly statuses: Record<string, number> = {};
  readonly #request: Buffer;
  readonly #socket: Socket;
  #sentMs = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #recording = false;

  constructor(plan: LoadPlan) {
    this.#request = Buffer.from(plan.request);
    this.#socket = connect(plan.port, '127.0.0.1', () => this.#send());
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#count(error.message));
    this.#socket.on('close', () => this.#count('closed'));
  }

  record(): void {
    this.#recording = true;
  }

  stop(): void {
    this.#recording = false;
    this.#socket.destroy();
  }

  #send(): void {
    this.#sentMs = performance.now();
    this.#socket.write(this.#request);
  }

  #receive(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const headEnd = this.#bytes.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#bytes.toString('latin1', 0, headEnd);
    if (!isWhole(this.#bytes, head)) return;
    this.#bytes = Buffer.alloc(0);
    if (this.#recording) this.latenciesMs.push(performance.now() - this.#sentMs);
    this.#count(head.slice(9, 12));
    this.#send();
  }

  #count(status: string): void {
    if (this.#recording) this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }
}

/** Whether the body that the head announces is there, by its length or, as some peers send it, in chunks. */
function isWhole(bytes: Buffer, head: string): boolean {
  if (/\r\ntransfer-encoding: *chunked/i.test(head))
    return bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return bytes.length >= head.length + HEAD_END.length + length;
}

export async function applyLoad(plan: LoadPlan): Promise<LoadResult> {
  const callers = Array.from({ length: plan.connections }, () => new Caller(plan));
  await wait(plan.warmUpMs);
  for (const caller of callers) caller.record();
  const startedMs = performance.now();
  await wait(plan.measureMs);
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const caller of callers) caller.stop();
  return summarise(callers, seconds);
}

function summarise(callers: readonly Caller[], seconds: number): LoadResult {
  const latencies = callers.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const statuses: Record<string, number> = {};
  for (const caller of callers) {
    for (const [status, count] of Object.entries(caller.statuses))
      statuses[status] = (statuses[status] ?? 0) + count;
  }
  const at = (share: number): number =>
    Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 1_000);
  return {
    requests: latencies.length,
    perSecond: Math.round(latencies.length / seconds),
    p50Us: at(0.5),
    p99Us: at(0.99),
    statuses,
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(JSON.stringify(await applyLoad(JSON.parse(process.argv[2] ?? '{}') as LoadPlan)));
  process.exit(0);
}
