import type { Sandbox, SandboxFactory, SandboxSpec } from '../../sandbox/index.ts';

/** What a debugger needs beside the function: its own process, and what it keeps of the code. */
const DEBUGGER_BYTES = 268_435_456;

/** The server's sandboxes with room for a debugger, each announced when it runs. */
export class DebuggedSandboxes implements SandboxFactory {
  readonly capabilities: SandboxFactory['capabilities'];
  readonly #inner: SandboxFactory;
  readonly #onStart: (sandbox: Sandbox) => void;

  constructor(inner: SandboxFactory, onStart: (sandbox: Sandbox) => void) {
    this.#inner = inner;
    this.#onStart = onStart;
    this.capabilities = inner.capabilities;
  }

  async start(spec: SandboxSpec): Promise<Sandbox> {
    const sandbox = await this.#inner.start(withRoom(spec));
    this.#onStart(sandbox);
    return sandbox;
  }

  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    return this.#inner.restart(previous, withRoom(spec));
  }

  sweep(): ReturnType<SandboxFactory['sweep']> {
    return this.#inner.sweep();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function withRoom(spec: SandboxSpec): SandboxSpec {
  return { ...spec, memoryBytes: spec.memoryBytes + DEBUGGER_BYTES };
}
