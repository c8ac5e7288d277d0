/**
 * Says why bytes are not JSON in the words of Jackson, the parser behind AWS Lambda; clients show and test that text.
 * Only run on bytes that `JSON.parse` refused, so speed does not matter, but the walk is linear.
 */
export function diagnoseJson(bytes: Buffer): string {
  const badByte = firstInvalidUtf8(bytes);
  if (badByte !== undefined) {
    return `Invalid UTF-8 start byte 0x${badByte.value.toString(16)}${source(bytes, badByte.index)}`;
  }
  const text = bytes.toString('utf8');
  const fault = new Scanner(text).scan();
  return `${fault.what}${source(bytes, Buffer.byteLength(text.slice(0, fault.at)))}`;
}

interface Fault {
  readonly what: string;
  /** Index into the text of the place that the message points at. */
  readonly at: number;
}

type Container = 'Object' | 'Array';
type Expected = 'value' | 'first value' | 'name' | 'first name' | 'after';

class Scanner {
  readonly #text: string;
  #at = 0;
  readonly #open: Container[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** The first fault; walks values, names and separators as a JSON reader would. */
  scan(): Fault {
    let expected: Expected = 'value';
    for (;;) {
      this.#skipSpace();
      const character = this.#text[this.#at];
      if (character === undefined) return this.#endOfInput();
      const next: Fault | Expected =
        expected === 'after' ? this.#separator(character) : this.#token(character, expected);
      if (typeof next !== 'string') return next;
      expected = next;
    }
  }

  #token(character: string, expected: Expected): Fault | Expected {
    if (character === '}' && expected === 'first name') return this.#close();
    if (character === ']' && expected === 'first value') return this.#close();
    if (expected === 'name' || expected === 'first name') {
      if (character !== '"') return this.#unexpected('was expecting double-quote to start field name');
      return this.#string() ?? this.#colon();
    }
    if (character === '"') return this.#string() ?? 'after';
    if (character === '{') return this.#begin('Object', 'first name');
    if (character === '[') return this.#begin('Array', 'first value');
    return this.#word();
  }

  #separator(character: string): Fault | Expected {
    const container = this.#open.at(-1);
    if (container === undefined) return this.#unrecognized();
    if (character === (container === 'Object' ? '}' : ']')) return this.#close();
    if (character !== ',') return this.#unexpected(`was expecting comma to separate ${container} entries`);
    this.#at++;
    return container === 'Object' ? 'name' : 'value';
  }

  #colon(): Fault | 'value' {
    this.#skipSpace();
    if (this.#at >= this.#text.length) return this.#endOfInput();
    if (this.#text[this.#at] !== ':') {
      return this.#unexpected('was expecting a colon to separate field name and value');
    }
    this.#at++;
    return 'value';
  }

  #string(): Fault | undefined {
    this.#at++;
    while (this.#insideString()) this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    const character = this.#text[this.#at];
    if (character === '"') {
      this.#at++;
      return undefined;
    }
    if (character === undefined)
      return this.#fault('Unexpected end-of-input: was expecting closing quote for a string value');
    if (character === '\\')
      return this.#fault(`Unrecognized character escape ${quoted(this.#text[this.#at + 1])}`);
    return this.#fault(
      `Illegal unquoted character ((CTRL-CHAR, code ${character.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
    );
  }

  /** Whether a string's ordinary character, or a whole escape, stands here. */
  #insideString(): boolean {
    const character = this.#text[this.#at];
    if (character === undefined || character === '"' || character < ' ') return false;
    return (
      character !== '\\' ||
      /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(this.#text.slice(this.#at + 1, this.#at + 6))
    );
  }

  #word(): Fault | 'after' {
    const match = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
    match.lastIndex = this.#at;
    const word = match.exec(this.#text)?.[0];
    if (word === undefined) return this.#unrecognized();
    this.#at += word.length;
    return 'after';
  }

  #unrecognized(): Fault {
    const match = /[A-Za-z0-9_$]{1,256}/y;
    match.lastIndex = this.#at;
    const token = match.exec(this.#text)?.[0];
    const wanted = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
    if (token === undefined || /^\d/.test(token)) return this.#unexpected(`expected a valid value ${wanted}`);
    this.#at += token.length;
    return this.#fault(`Unrecognized token '${token}': was expecting ${wanted}`, 0);
  }

  #unexpected(why: string): Fault {
    return this.#fault(`Unexpected character (${quoted(this.#text[this.#at])}): ${why}`);
  }

  #endOfInput(): Fault {
    const container = this.#open.at(-1);
    const where = container === undefined ? '' : ` within/between ${container} entries`;
    return this.#fault(`Unexpected end-of-input${where}`, 0);
  }

  #begin(container: Container, next: Expected): Expected {
    this.#at++;
    this.#open.push(container);
    return next;
  }

  #close(): 'after' {
    this.#at++;
    this.#open.pop();
    return 'after';
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #fault(what: string, past = 1): Fault {
    return { what, at: Math.min(this.#text.length, this.#at + past) };
  }
}

function quoted(character: string | undefined): string {
  if (character === undefined) return 'end-of-input';
  const code = character.charCodeAt(0);
  return code < 32 ? `(CTRL-CHAR, code ${code})` : `'${character}' (code ${code})`;
}

function source(bytes: Buffer, index: number): string {
  const before = bytes.subarray(0, index).toString('latin1');
  const line = before.split('\n').length;
  const column = before.length - (before.lastIndexOf('\n') + 1) + 1;
  return `\n at [Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
}

/** Decoding puts U+FFFD where it fails; a real one is spelt EF BF BD in the bytes. */
function firstInvalidUtf8(bytes: Buffer): { readonly index: number; readonly value: number } | undefined {
  const text = bytes.toString('utf8');
  let byteIndex = 0;
  let from = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', from)) {
    byteIndex += Buffer.byteLength(text.slice(from, at));
    if (bytes[byteIndex] !== 0xef || bytes[byteIndex + 1] !== 0xbf || bytes[byteIndex + 2] !== 0xbd) {
      return { index: byteIndex, value: bytes[byteIndex] ?? 0 };
    }
    byteIndex += 3;
    from = at + 1;
  }
  return undefined;
}
