import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeSandbox } from './probe/probe.ts';
import type { InsideView, Sandbox, SandboxExit, SandboxFactory, SandboxSpec } from './sandbox.ts';
import { SandboxError } from './sandbox-error.ts';
import { mountPointsUnder } from './system/mounts.ts';

/** What a test says of a sandbox beyond a shell script. */
type SpecOptions = Partial<Omit<SandboxSpec, 'program'>> & { readonly env?: Record<string, string> };

const MIB = 1024 * 1024;

/** A sandbox that runs a shell script, which may depend on how the world looks from inside. */
export function shellSpec(
  script: string | ((inside: InsideView) => string),
  options: SpecOptions = {},
): SandboxSpec {
  const { env, ...rest } = options;
  return {
    id: `t-${randomBytes(4).toString('hex')}`,
    program: (inside) => ({
      command: ['/bin/bash', '-c', typeof script === 'string' ? script : script(inside)],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env },
      cwd: inside.path('/tmp'),
    }),
    mounts: [],
    tmpBytes: 512 * MIB,
    memoryBytes: 256 * MIB,
    pids: 128,
    openFiles: 1024,
    listeners: [],
    ...rest,
  };
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly log: string;
  readonly exit: SandboxExit;
}

/** Everything that the command writes, and how it ends. */
export async function outcomeOf(sandbox: Sandbox): Promise<Outcome> {
  const outputs = [text(sandbox.stdout), text(sandbox.stderr), text(sandbox.log)] as const;
  const [[stdout, stderr, log], exit] = await Promise.all([Promise.all(outputs), sandbox.exited]);
  return { stdout, stderr, log, exit };
}

/** Waits for a line of standard output; gives what came until then. */
export async function outputUntil(sandbox: Sandbox, line: string): Promise<string> {
  let seen = '';
  for await (const chunk of sandbox.stdout.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (seen.includes(`${line}\n`)) return seen;
  }
  throw new Error(`"${line}" never came; the command wrote: ${seen}`);
}

/** Whether this machine can run OCI sandboxes. Skips loudly where not, and fails where that must not be. */
export async function ociIsPossible(): Promise<boolean> {
  const { kind, notice } = await probeSandbox();
  if (kind === 'oci') return true;
  if (process.env['CI'] === 'true') throw new Error(notice);
  process.stderr.write(`SKIPPED: ${notice}\n`);
  return false;
}

/** What every `SandboxFactory` has to do. */
export function describeSandboxContract(
  name: string,
  possible: boolean,
  open: (stateDir: string) => Promise<SandboxFactory>,
): void {
  describe.skipIf(!possible)(`${name}, as every sandbox`, () => {
    let folder: string;
    let factory: SandboxFactory;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sandbox-contract-'));
      factory = await open(join(folder, 'state'));
    });
    afterEach(async () => {
      await factory.close();
      rmSync(folder, { recursive: true });
    });

    async function run(...args: Parameters<typeof shellSpec>): Promise<Outcome> {
      const sandbox = await factory.start(shellSpec(...args));
      const outcome = await outcomeOf(sandbox);
      await sandbox.destroy();
      return outcome;
    }

    test('gives standard output, standard error and descriptor 3 apart, and the exit code', async () => {
      const script = 'echo out; echo err >/dev/stderr; echo log >&3; exit 7';
      expect(await run(script)).toEqual({
        stdout: 'out\n',
        stderr: 'err\n',
        log: 'log\n',
        exit: { exitCode: 7, outOfMemory: false },
      });
    });

    test('keeps every byte written before a crash', async () => {
      const { stdout, exit } = await run('head -c 1000000 /dev/zero; kill -9 $$');
      expect(stdout.length).toBe(1_000_000);
      expect(exit).toEqual({ signal: 'SIGKILL', outOfMemory: false });
    });

    test('passes exactly the environment and the working folder that were asked for', async () => {
      const { stdout } = await run('pwd; cat /proc/self/environ | tr "\\0" "\\n" | grep -a GREETING', {
        env: { GREETING: 'héllo $HOME' },
      });
      expect(stdout).toMatch(/\/\S*tmp\S*\nGREETING=héllo \$HOME\n$/);
    });

    test('never runs the command as root', async () => {
      expect((await run('id -u')).stdout).not.toBe('0\n');
    });

    test('shows mounts, which the command cannot change', async () => {
      const source = join(folder, 'task');
      mkdirSync(source);
      writeFileSync(join(source, 'handler.txt'), 'code');
      const script = (inside: InsideView): string => {
        const task = inside.path('/var/task');
        return `cat ${task}/handler.txt; touch ${task}/new 2>/dev/null || echo " refused"`;
      };
      const { stdout } = await run(script, { mounts: [{ source, target: '/var/task' }] });
      const readOnly = factory.capabilities.enforced.includes('read-only-mounts');
      expect(stdout).toBe(readOnly ? 'code refused\n' : 'code');
    });

    test('answers connections to its listeners', async () => {
      const greet = (word: string) => ({
        host: '127.0.0.1',
        port: 9001,
        onConnection: (socket: Socket) => void socket.end(word),
      });
      const script = (inside: InsideView): string =>
        `cat </dev/tcp/${inside.listenerAddress(0).replace(':', '/')}`;
      const specs = ['first', 'second'].map((word) => shellSpec(script, { listeners: [greet(word)] }));
      const outcomes = await Promise.all(specs.map(async (spec) => outcomeOf(await factory.start(spec))));
      expect(outcomes.map(({ stdout }) => stdout)).toEqual(['first', 'second']);
    });

    test('connects to a port that the command listens on, and to none once it has ended', async () => {
      const listen = `perl -MIO::Socket::INET -e '
        $| = 1;
        my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 4) or die $!;
        print $server->sockport, "\\n";
        my $client = $server->accept;
        print $client "from inside, you said: ", scalar <$client>'`;
      const sandbox = await factory.start(shellSpec(listen));
      const [printed] = (await once(sandbox.stdout, 'data')) as [Buffer];
      const socket = await sandbox.connect(Number(String(printed)));
      socket.end('hello\n');
      expect(await text(socket)).toBe('from inside, you said: hello\n');
      await sandbox.exited;
      await expect(sandbox.connect(Number(String(printed)))).rejects.toThrow();
      await sandbox.destroy();
    });

    test('rejects a connection to a port that nothing listens on', async () => {
      const sandbox = await factory.start(shellSpec('echo ready; sleep 1000'));
      await outputUntil(sandbox, 'ready');
      await expect(sandbox.connect(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await sandbox.destroy();
    });

    test('takes datagrams from inside', async () => {
      const received = Promise.withResolvers<string>();
      const host = '169.254.100.1';
      const onDatagram = (datagram: Buffer): void => received.resolve(datagram.toString());
      const script = (inside: InsideView): string =>
        `printf hello >/dev/udp/${inside.listenerAddress(0).replace(':', '/')}; exec sleep 1000`;
      await factory.start(
        shellSpec(script, { listeners: [{ transport: 'udp', host, port: 2_000, onDatagram }] }),
      );
      expect(await received.promise).toBe('hello');
    });

    test('connects the runtime socket of each sandbox to its own handler', async () => {
      const script = (inside: InsideView): string =>
        `perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new("${inside.runtimeSocketPath}")->getline'`;
      const specs = ['one', 'two'].map((word) =>
        shellSpec(script, { onRuntimeSocket: (socket) => void socket.end(`${word}\n`) }),
      );
      const outcomes = await Promise.all(specs.map(async (spec) => outcomeOf(await factory.start(spec))));
      expect(outcomes.map(({ stdout }) => stdout)).toEqual(['one\n', 'two\n']);
    });

    test('rejects a command that does not exist, and leaves nothing', async () => {
      const program = () => ({ command: ['/no/such/program'] as const, env: {}, cwd: '/' });
      const spec = { ...shellSpec(''), program };
      await expect(factory.start(spec)).rejects.toMatchObject({ name: 'SandboxError', fault: 'command' });
      const sandbox = await factory.start({ ...shellSpec('exit 0'), id: spec.id });
      expect((await outcomeOf(sandbox)).exit.exitCode).toBe(0);
    });

    test('refuses ids that are no plain names, and an id that is taken', async () => {
      for (const id of ['', '../evil', 'Upper', 'a/b', 'x'.repeat(41)]) {
        await expect(factory.start(shellSpec('', { id }))).rejects.toMatchObject({ name: 'SandboxError' });
      }
      await factory.start(shellSpec('sleep 1000', { id: 'taken' }));
      await expect(factory.start(shellSpec('', { id: 'taken' }))).rejects.toMatchObject({
        name: 'SandboxError',
      });
    });

    test('delivers signals to the command', async () => {
      const sandbox = await factory.start(
        shellSpec('trap "exit 5" TERM; echo ready; while :; do read -t 1 <&2; done'),
      );
      await outputUntil(sandbox, 'ready');
      sandbox.signal('SIGTERM');
      expect((await outcomeOf(sandbox)).exit).toEqual({ exitCode: 5, outOfMemory: false });
    });

    describe('with companions', () => {
      function withCompanions(script: string, companions: Readonly<Record<string, string>>): SandboxSpec {
        const source = mkdtempSync(join(folder, 'programs-'));
        chmodSync(source, 0o755);
        for (const [name, text] of Object.entries(companions)) {
          writeFileSync(join(source, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
        }
        const base = shellSpec(script, {
          mounts: [{ source, target: '/opt' }],
          env: { SECRET: 'mine', SHARED: 'ours' },
        });
        const program = (inside: InsideView) => ({
          ...base.program(inside),
          companions: {
            programs: Object.keys(companions).map((name) => `${inside.path('/opt')}/${name}`),
            withheld: ['HIDDEN', 'SECRET'],
          },
        });
        return { ...base, program };
      }

      test('starts them first, with their own output and without what is withheld; then the command', async () => {
        const sandbox = await factory.start(
          withCompanions('echo "command $SECRET $SHARED"', {
            first: 'echo "first $SECRET $SHARED"; echo error >/dev/stderr; exit 3',
            second: 'echo second; kill -TERM $$',
          }),
        );
        expect(await Promise.all(sandbox.companions.map(({ output }) => text(output)))).toEqual([
          'first  ours\nerror\n',
          'second\n',
        ]);
        expect(await Promise.all(sandbox.companions.map(({ exited }) => exited))).toEqual([
          { exitCode: 3 },
          { signal: 'SIGTERM' },
        ]);
        sandbox.startCommand();
        sandbox.startCommand();
        expect((await outcomeOf(sandbox)).stdout).toBe('command mine ours\n');
        expect(await sandbox.commandExited).toEqual({ exitCode: 0, outOfMemory: false });
        await sandbox.destroy();
      });

      test('lets them run on after the command, and kills them with everything', async () => {
        const sandbox = await factory.start(
          withCompanions('echo running; sleep 1000', { agent: 'echo ready; sleep 1000 & wait' }),
        );
        const [agent] = sandbox.companions;
        sandbox.startCommand();
        await outputUntil(sandbox, 'running');
        sandbox.killCommand();
        expect(await sandbox.commandExited).toEqual({ signal: 'SIGKILL', outOfMemory: false });
        sandbox.signal('SIGKILL');
        expect(await agent?.exited).toEqual({ signal: 'SIGKILL' });
        agent?.output.resume();
        sandbox.stderr.resume();
        sandbox.log.resume();
        await sandbox.exited;
        await sandbox.destroy();
      });

      test('says which cannot be executed, and starts the others', async () => {
        const spec = withCompanions('echo command', { agent: 'echo ready' });
        const program = (inside: InsideView) => {
          const made = spec.program(inside);
          const programs = ['/no/such/program', ...(made.companions?.programs ?? [])];
          return { ...made, companions: { programs, withheld: [] } };
        };
        const sandbox = await factory.start({ ...spec, program });
        const [missing, agent] = sandbox.companions;
        expect(await missing?.exited).toEqual({ launchError: 'ENOENT' });
        expect(agent && (await text(agent.output))).toBe('ready\n');
        await sandbox.destroy();
      });
    });

    test('uses no CPU time while it is frozen, and goes on when thawed', async () => {
      const busy = await factory.start(shellSpec('trap "exit 3" TERM; echo ready; while :; do :; done'));
      await outputUntil(busy, 'ready');
      busy.freeze();
      await run('echo settled');
      const before = busy.usage().cpuUsec;
      await run('for ((i = 0; i < 50000; i++)); do :; done');
      expect(busy.usage().cpuUsec).toBe(before);
      busy.thaw();
      busy.signal('SIGTERM');
      expect((await outcomeOf(busy)).exit.exitCode).toBe(3);
    });

    test('destroys a frozen sandbox with all its processes, however often it is asked to', async () => {
      const script = 'setsid sh -c "sleep 1000 & sleep 1000" & echo ready; wait';
      const sandbox = await factory.start(shellSpec(script));
      await outputUntil(sandbox, 'ready');
      sandbox.freeze();
      await Promise.all([sandbox.destroy(), sandbox.destroy()]);
      await sandbox.destroy();
      expect(await sandbox.exited).toEqual({ signal: 'SIGKILL', outOfMemory: false });
      sandbox.thaw();
      sandbox.limitCpu(1);
      sandbox.signal('SIGTERM');
    });

    test('reports CPU time and memory, also after the end', async () => {
      const script = 'for ((i = 0; i < 100000; i++)); do :; done; echo ready; sleep 1000; exit';
      const sandbox = await factory.start(shellSpec(script));
      await outputUntil(sandbox, 'ready');
      await sandbox.destroy();
      expect(sandbox.usage().cpuUsec).toBeGreaterThan(10_000);
      expect(sandbox.usage().memoryPeakBytes).toBeGreaterThan(100_000);
    });

    test('restarts with the same /tmp and new processes', async () => {
      const write = (inside: InsideView): string =>
        `echo kept >${inside.path('/tmp')}/file; sleep 100012 & echo ready; wait`;
      const first = await factory.start(shellSpec(write));
      await outputUntil(first, 'ready');
      const read = (inside: InsideView): string =>
        `cd ${inside.path('/tmp')}; cat file; echo more >>file; pgrep -fc 'sleep 1000[1]2'`;
      const second = await factory.restart(first, shellSpec(read, { id: first.id }));
      expect((await outcomeOf(second)).stdout).toBe('kept\n0\n');
      expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
      const third = await factory.restart(
        second,
        shellSpec((inside) => `cat ${inside.path('/tmp')}/file`),
      );
      expect((await outcomeOf(third)).stdout).toBe('kept\nmore\n');
      await expect(factory.restart(second, shellSpec(''))).rejects.toMatchObject({ name: 'SandboxError' });
    });

    test('gives each sandbox an empty /tmp of its own', async () => {
      const script = (inside: InsideView): string =>
        `cd ${inside.path('/tmp')}; ls -A; echo mine >file; cat file`;
      expect((await run(script)).stdout).toBe('mine\n');
      expect((await run(script)).stdout).toBe('mine\n');
    });

    /** A sandbox that waits on its runtime socket, frozen, and then runs the script. */
    async function waiting(script: string): Promise<{ sandbox: Sandbox; go: () => void }> {
      const connected = Promise.withResolvers<Socket>();
      const wait = (inside: InsideView): string =>
        `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new("${inside.runtimeSocketPath}")->getline'; ${script}`;
      const lateMountPoints = ['/var/task', '/opt'];
      const sandbox = await factory.start(
        shellSpec(wait, { lateMountPoints, onRuntimeSocket: connected.resolve }),
      );
      const socket = await connected.promise;
      sandbox.freeze();
      return { sandbox, go: () => void socket.end('go\n') };
    }

    function codeFolder(name: string): string {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'handler.txt'), name);
      return join(folder, name);
    }

    test('mounts late into a frozen sandbox, read-only and nowhere else, or says that it cannot', async () => {
      const script =
        'cat /var/task/handler.txt; touch /var/task/new 2>/dev/null || echo " refused"; ls -A /opt';
      const [one, other] = [await waiting(script), await waiting(script)];
      if (!factory.capabilities.lateBinding) {
        expect(() => one.sandbox.mountLate([])).toThrow(SandboxError);
        expect(() => one.sandbox.limitMemory(128 * MIB)).toThrow(SandboxError);
        return;
      }
      const tasks = [codeFolder('one'), codeFolder('other')] as const;
      one.sandbox.mountLate([{ source: tasks[0], target: '/var/task' }]);
      other.sandbox.mountLate([
        { source: tasks[1], target: '/var/task' },
        { source: tasks[0], target: '/opt' },
      ]);
      for (const { sandbox, go } of [one, other]) {
        go();
        sandbox.thaw();
      }
      expect((await outcomeOf(one.sandbox)).stdout).toBe('one refused\n');
      expect((await outcomeOf(other.sandbox)).stdout).toBe('other refused\nhandler.txt\n');
      expect(readdirSync(tasks[0])).toEqual(['handler.txt']);
      expect(mountPointsUnder(folder)).toEqual([]);
    });

    test('mounts late at no other place, nothing that is not there, and nothing after the end', async () => {
      const { sandbox } = await waiting('true');
      if (!factory.capabilities.lateBinding) return;
      const source = codeFolder('code');
      for (const mount of [
        { source, target: '/usr' },
        { source, target: '/var/task/..' },
        { source: join(folder, 'absent'), target: '/var/task' },
      ]) {
        expect(() => sandbox.mountLate([mount])).toThrow(SandboxError);
      }
      await sandbox.destroy();
      expect(() => sandbox.mountLate([{ source, target: '/opt' }])).toThrow(SandboxError);
    });

    test('changes the memory limit of a running sandbox, up and down', async () => {
      if (!factory.capabilities.lateBinding) return;
      const fill = (mib: number): string =>
        `perl -e 'my $x = "x" x (${mib} * 1048576); print length($x) / 1048576, "\\n"'`;
      const grown = await waiting(fill(300));
      grown.sandbox.limitMemory(768 * MIB);
      const shrunk = await waiting(`${fill(50)}; ${fill(180)}`);
      shrunk.sandbox.limitMemory(128 * MIB);
      for (const { sandbox, go } of [grown, shrunk]) {
        go();
        sandbox.thaw();
      }
      expect(await outcomeOf(grown.sandbox)).toMatchObject({ stdout: '300\n', exit: { outOfMemory: false } });
      expect(await outcomeOf(shrunk.sandbox)).toMatchObject({ stdout: '50\n', exit: { outOfMemory: true } });
    });

    test('refuses to start while it closes, and destroys what lives', async () => {
      const sandbox = await factory.start(shellSpec('sleep 1000'));
      await factory.close();
      expect(await sandbox.exited).toMatchObject({ signal: 'SIGKILL' });
      await expect(factory.start(shellSpec(''))).rejects.toMatchObject({ name: 'SandboxError' });
    });
  });
}
