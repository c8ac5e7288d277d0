import type { Clock, Ids } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { lambdaSegments, type TracedInvocation } from './lambda-segments.ts';
import { Sampler } from './sampler.ts';
import type { SegmentBuffer } from './segment-buffer.ts';
import { type InvocationTrace, parseTraceHeader, traceOf } from './trace-header.ts';

/** Functions whose rate is remembered; the one remembered longest then begins its second anew. */
const MOST_SAMPLERS = 10_000;

/** Decides which invocations are traced, and takes their segments. Only for versions whose tracing is Active. */
export class Tracer {
  readonly #buffer: SegmentBuffer;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #samplers = new Map<string, Sampler>();

  constructor(buffer: SegmentBuffer, parts: { readonly clock: Clock; readonly ids: Ids }) {
    this.#buffer = buffer;
    this.#clock = parts.clock;
    this.#ids = parts.ids;
  }

  /** The trace of an invocation; `header` as the caller sent it, whose decision counts where it has made one. */
  begin(version: FunctionVersion, header: string | undefined): InvocationTrace {
    const asked = parseTraceHeader(header);
    const digits = this.#ids.hex(64);
    const nowMs = this.#clock.nowMs();
    const sampled = asked.sampled ?? this.#sampler(version).decide(nowMs, fractionOf(digits.slice(56)));
    return traceOf(asked, { sampled, nowMs, digits });
  }

  /** Keeps Lambda's own segments of an invocation that is over, if it is sampled. */
  end(invocation: Omit<TracedInvocation, 'subsegmentIds'>): void {
    if (!invocation.trace.sampled) return;
    const digits = this.#ids.hex(32);
    const subsegmentIds = [digits.slice(0, 16), digits.slice(16)] as const;
    for (const segment of lambdaSegments({ ...invocation, subsegmentIds })) {
      this.#buffer.add(invocation.version, 'lambda', Buffer.from(JSON.stringify(segment)));
    }
  }

  /** What a function sent to the daemon's port. */
  receive(version: FunctionVersion, datagram: Buffer): void {
    this.#buffer.add({ account: version.account, region: version.region }, 'daemon', datagram);
  }

  #sampler({ account, region, name }: FunctionVersion): Sampler {
    const key = `${account}/${region}/${name}`;
    const known = this.#samplers.get(key);
    if (known) return known;
    const [oldest] = this.#samplers.keys();
    if (this.#samplers.size >= MOST_SAMPLERS && oldest !== undefined) this.#samplers.delete(oldest);
    const sampler = new Sampler();
    this.#samplers.set(key, sampler);
    return sampler;
  }
}

/** Eight hexadecimal digits as a number in [0, 1). */
function fractionOf(digits: string): number {
  return Number.parseInt(digits, 16) / 2 ** 32;
}
