import { limits } from '../../model/index.ts';
import { nextCharacter } from './utf8.ts';

/** The last 4 KB of one invocation's log, for `LogType=Tail`. Costs an array push per line until it is read. */
export class TailBuffer {
  #messages: string[] = [];
  #codeUnits = 0;

  /** One log event, without its closing newline. */
  append(message: string): void {
    this.#messages.push(message);
    this.#codeUnits += message.length;
    if (this.#codeUnits > 4 * limits.tailBytes && this.#messages.length > 1) this.#forgetOldest();
  }

  /** The last 4,096 bytes, whole characters, a newline behind each event. */
  bytes(): Buffer {
    const bytes = Buffer.from(this.#messages.map((message) => `${message}\n`).join(''));
    return bytes.subarray(nextCharacter(bytes, Math.max(0, bytes.length - limits.tailBytes)));
  }

  /** Every code unit is at least one byte, so the newest 4,096 of them always suffice. */
  #forgetOldest(): void {
    let kept = 0;
    let first = this.#messages.length;
    while (first > 0 && kept < limits.tailBytes) kept += this.#messages[--first]?.length ?? 0;
    this.#messages = this.#messages.slice(first);
    this.#codeUnits = kept;
  }
}
