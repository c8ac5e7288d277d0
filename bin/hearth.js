#!/usr/bin/env node
// The launcher: hands over to Node.js 24, forwards signals and the exit code. The program stops when its launcher dies,
// because it sees the channel between them close.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { compileCacheFolder, findEntry, findNode } from './launcher.js';

const cache = process.env.NODE_COMPILE_CACHE ?? compileCacheFolder();
const node = findNode();
if (!node) {
  process.stderr.write(
    `hearth: needs Node.js 24 and found ${process.version}. In a checkout, run: npm ci\n` +
      'Elsewhere, install Node.js 24, or install this package with its optional dependencies.\n',
  );
  process.exit(69);
} else if (node === process.execPath) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache?.(cache);
  process.argv[1] = findEntry();
  await import(pathToFileURL(process.argv[1]).href);
} else {
  handOver(node);
}

function handOver(program) {
  const child = spawn(program, [findEntry(), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  // On a terminal Ctrl-C reaches the whole foreground group: a second copy would cut the draining short.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  child.on('error', (error) => {
    process.stderr.write(`hearth: cannot start ${program}: ${error.message}\n`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
