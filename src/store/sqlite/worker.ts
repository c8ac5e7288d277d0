import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import type { WriterOptions, WriterRequest } from './messages.ts';
import { Writer } from './writer.ts';

/** The thread in which all writing, and so all waiting for the disk, happens. */
function run(): void {
  if (!parentPort) throw new Error('the SQLite writer runs in a worker thread');
  const port = parentPort;
  const options = workerData as WriterOptions;
  const writer = new Writer(openForWriting(options), (answers) => port.postMessage(answers));
  port.on('message', (first: readonly WriterRequest[]) => {
    writer.accept([...first, ...everythingWaiting(port)]);
  });
  port.postMessage([]);
}

function openForWriting({ file, synchronous }: WriterOptions): Connection {
  const connection = new Connection(file, { readOnly: false });
  connection.database.exec('PRAGMA journal_mode = WAL');
  connection.database.exec(`PRAGMA synchronous = ${synchronous}`);
  return connection;
}

/** What arrived during the last commit, so that it shares the next one. */
function everythingWaiting(port: NonNullable<typeof parentPort>): readonly WriterRequest[] {
  const waiting: WriterRequest[] = [];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    waiting.push(...(next.message as readonly WriterRequest[]));
  }
  return waiting;
}

run();
