import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Report, RuntimeApiServer, type RuntimeRequest } from './runtime-api-server.ts';

export interface BootstrapOptions {
  /** Interpreter, flags and bootstrap. */
  readonly command: readonly [string, ...string[]];
  /** The function's code: file name to text. */
  readonly files: Readonly<Record<string, string>>;
  readonly handler: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly pieceBytes?: number;
  /** Speaks to the Runtime API over TCP, as without our socket. */
  readonly overTcp?: boolean;
  /** Without the descriptor for log frames. */
  readonly withoutLogDescriptor?: boolean;
}

export interface LoggedFrame {
  readonly type: number;
  readonly timestampMicros: bigint;
  readonly message: string;
}

/** Everything that a bootstrap left behind when it ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly frames: readonly LoggedFrame[];
}

const FRAME_HEADER_BYTES = 16;

/** A bootstrap that runs for real, against a Runtime API of the test. */
export class BootstrapProcess {
  readonly api: RuntimeApiServer;
  readonly taskDir: string;
  readonly ended: Promise<Ended>;
  readonly #folder: string;

  static async start(options: BootstrapOptions): Promise<BootstrapProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-bootstrap-'));
    const taskDir = join(folder, 'task');
    for (const [name, text] of Object.entries(options.files)) {
      mkdirSync(dirname(join(taskDir, name)), { recursive: true });
      writeFileSync(join(taskDir, name), text);
    }
    const api = new RuntimeApiServer(options.pieceBytes ? { pieceBytes: options.pieceBytes } : {});
    const socketPath = join(folder, 'runtime.sock');
    await api.listen(options.overTcp ? 0 : socketPath);
    return new BootstrapProcess({ options, folder, taskDir, api, socketPath });
  }

  private constructor(parts: {
    options: BootstrapOptions;
    folder: string;
    taskDir: string;
    api: RuntimeApiServer;
    socketPath: string;
  }) {
    const { options, folder, taskDir, api } = parts;
    this.#folder = folder;
    this.api = api;
    this.taskDir = taskDir;
    const [program, ...args] = options.command;
    const child = spawn(program, args, {
      cwd: taskDir,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...environment(parts), ...options.env },
    });
    this.ended = collect(child);
  }

  invoke(event: unknown, headers?: Readonly<Record<string, string>>): Promise<Report> {
    return this.api.invoke(JSON.stringify(event), headers);
  }

  /** The value that the function returned. */
  async result(event: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown> {
    return JSON.parse((await this.invoke(event, headers)).request.body.toString());
  }

  /** Cuts the connection and gives what the process wrote. */
  async stop(): Promise<Ended> {
    await this.api.close();
    const ended = await this.ended;
    rmSync(this.#folder, { recursive: true, force: true });
    return ended;
  }
}

function environment(parts: {
  options: BootstrapOptions;
  taskDir: string;
  api: RuntimeApiServer;
  socketPath: string;
}): Record<string, string> {
  const { options, api } = parts;
  return {
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: parts.taskDir,
    AWS_LAMBDA_FUNCTION_NAME: 'hello',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hello',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_LAMBDA_RUNTIME_API: options.overTcp ? `127.0.0.1:${api.port}` : '127.0.0.1:1',
    _HANDLER: options.handler,
    ...(options.overTcp ? {} : { HEARTH_RUNTIME_SOCKET: parts.socketPath }),
    ...(options.withoutLogDescriptor ? {} : { _LAMBDA_TELEMETRY_LOG_FD: '3' }),
  };
}

async function collect(child: ChildProcess): Promise<Ended> {
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, log] = await Promise.all([child.stdout, child.stderr, child.stdio[3]].map(readAll));
  return {
    exitCode: await exited,
    stdout: String(stdout),
    stderr: String(stderr),
    frames: readFrames(log ?? Buffer.alloc(0)),
  };
}

async function readAll(stream: ChildProcess['stdio'][3]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as Readable) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function readFrames(bytes: Buffer): readonly LoggedFrame[] {
  const frames: LoggedFrame[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + FRAME_HEADER_BYTES + bytes.readUInt32BE(start + 4);
    frames.push({
      type: bytes.readUInt32BE(start),
      timestampMicros: bytes.readBigUInt64BE(start + 8),
      message: bytes.toString('utf8', start + FRAME_HEADER_BYTES, end),
    });
    start = end;
  }
  return frames;
}

export function jsonOf(request: RuntimeRequest): Readonly<Record<string, unknown>> {
  return JSON.parse(request.body.toString()) as Readonly<Record<string, unknown>>;
}
