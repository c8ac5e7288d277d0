import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './programs.ts';

/** A custom runtime in bash: an event is a command, what it prints is the answer. */
const runtime = `#!/bin/bash
while true; do
  exec 5<>"/dev/tcp/\${AWS_LAMBDA_RUNTIME_API/://}"
  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' >&5
  while read -r line <&5; line=\${line%$'\\r'}; [ -n "$line" ]; do
    case $line in Lambda-Runtime-Aws-Request-Id:*) id=\${line#*: };; Content-Length:*) length=\${line#*: };; esac
  done
  read -r -N "$length" event <&5
  event=\${event#\\"} event=\${event%\\"}
  body="\\"$(eval "$event" 2>&1 | busybox base64 -w 0)\\""
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$id" "\${#body}" "$body" >&5
  read -r _ <&5
  exec 5>&-
done
`;

/** What the runtime answered, as the text that the command printed. */
export function shellOutput(payload: unknown): string {
  return Buffer.from(String(payload), 'base64').toString('utf8').trimEnd();
}

/** An OCI layout in a fresh folder, made with Debian's `umoci`. */
export class ImageLayout {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'hearth-image-')), 'layout');

  static async create(): Promise<ImageLayout> {
    const layout = new ImageLayout();
    await layout.umoci('init', '--layout', layout.folder);
    return layout;
  }

  async umoci(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await run(['umoci', ...args]);
    if (code !== 0) throw new Error(`umoci ${args.join(' ')}: ${stderr}`);
  }

  /** \`folder:tag\`. */
  image(tag: string): string {
    return `${this.folder}:${tag}`;
  }

  /** An image of bash and busybox with the runtime at \`/entry.sh\`. */
  async addShell(tag: string): Promise<void> {
    await this.addTree(tag, await shellTree());
    await this.configure(tag, '--config.entrypoint', '/entry.sh', '--config.env', 'FROM_IMAGE=yes');
  }

  /** An image with this folder as its root. */
  async addTree(tag: string, tree: string): Promise<void> {
    await this.umoci('new', '--image', this.image(tag));
    await this.umoci('insert', '--image', this.image(tag), tree, '/');
  }

  async configure(tag: string, ...settings: readonly string[]): Promise<void> {
    await this.umoci('config', '--image', this.image(tag), ...settings);
  }

  /** Adds a layer from a tar archive as it is. */
  async addLayer(tag: string, archive: string): Promise<void> {
    await this.umoci('raw', 'add-layer', '--image', this.image(tag), archive);
  }
}

async function shellTree(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-tree-'));
  const { stdout } = await run(['ldd', '/bin/bash']);
  const libraries = [...stdout.matchAll(/(\/\S+)/g)].map(([, path = '']) => path);
  for (const path of ['/bin/bash', ...libraries]) put(folder, path, path);
  put(folder, '/usr/bin/busybox', '/bin/busybox');
  for (const name of ['sh', 'ls', 'cat', 'id', 'stat', 'touch', 'env', 'find', 'ln']) {
    symlinkSync('busybox', join(folder, 'bin', name));
  }
  writeFileSync(join(folder, 'entry.sh'), runtime);
  chmodSync(join(folder, 'entry.sh'), 0o755);
  chmodSync(folder, 0o755);
  return folder;
}

function put(folder: string, source: string, path: string): void {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  copyFileSync(source, target);
  chmodSync(target, 0o755);
}
