import { stripVTControlCharacters, styleText } from 'node:util';

export type OutputFormat = 'text' | 'json';

/** A stream that may be somebody's terminal. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string | Uint8Array): unknown;
}

/** What a terminal has that nobody made wider. */
const COLUMNS = 80;
const NAME_COLUMNS = 11;
const ITEM_COLUMNS = 26;

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** What a person or a script sees: results on standard output, everything about the way there on standard error. */
export class Output {
  readonly format: OutputFormat;
  readonly #out: Terminal;
  readonly #err: Terminal;

  constructor(format: OutputFormat, out: Terminal, err: Terminal) {
    this.format = format;
    this.#out = out;
    this.#err = err;
  }

  get interactive(): boolean {
    return this.#out.isTTY === true;
  }

  /** Whether somebody watches standard error, so that progress may be redrawn. */
  get watched(): boolean {
    return this.#err.isTTY === true;
  }

  style(style: Style, text: string): string {
    return this.interactive ? styleText(style, text, { validateStream: false }) : text;
  }

  /**
   * What a function wrote, for `line` and `note`. On a terminal only colours and tabs are obeyed: every other control
   * character, which could rewrite the screen, its title or the clipboard, is shown as a picture of itself.
   */
  untrusted(text: string): string {
    return this.interactive || this.watched ? text.replaceAll(COMMANDS, pictureOf) : text;
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** A name and what is said of it, broken between words so that it reads well at 80 columns. */
  fact(name: string, text: string): void {
    const [first = '', ...rest] = this.#lines(text, NAME_COLUMNS);
    this.line(`${this.style('bold', name.padEnd(NAME_COLUMNS))}${first}`);
    for (const line of rest) this.line(' '.repeat(NAME_COLUMNS) + line);
  }

  /** A part of the result as it comes, without an end of line. */
  write(part: string | Uint8Array): void {
    this.#out.write(part);
  }

  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** Rewrites the current line of a terminal; in a pipe it says nothing. */
  progress(text: string): void {
    if (this.watched) this.#err.write(`\r\u001b[2K${text}`);
  }

  /** Broken for a person; in a pipe one thing is one line. */
  #lines(text: string, indent: number): readonly string[] {
    return this.interactive ? wrapped(text, COLUMNS - indent) : [text];
  }

  /** A mark, a name, and what is said of it, one below the other with others of their kind. */
  item({ mark, name, text }: { readonly mark: string; readonly name: string; readonly text: string }): void {
    const [first = '', ...rest] = this.#lines(text, ITEM_COLUMNS);
    this.line(`  ${padded(mark, 4)}${padded(name, ITEM_COLUMNS - 6)}${first}`);
    for (const line of rest) this.line(' '.repeat(ITEM_COLUMNS) + line);
  }

  heading(text: string): void {
    this.line();
    this.line(this.style('bold', text));
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value, null, this.interactive ? 2 : undefined));
  }

  /** Columns as wide as their widest cell; `none` is said where there are no rows. */
  table(head: readonly string[], rows: readonly (readonly string[])[], none: string): void {
    if (rows.length === 0) {
      this.line(this.style('dim', none));
      return;
    }
    const widths = head.map((title, column) =>
      Math.max(...[head, ...rows].map((row) => width(row[column] ?? (row === head ? title : '')))),
    );
    const render = (row: readonly string[]) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd();
    this.line(this.style('bold', render(head)));
    for (const row of rows) this.line(render(row));
  }
}

/** Lines of at most `columns`, but for words that are longer. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

// oxlint-disable-next-line no-control-regex -- control characters are what is being looked for
const COMMANDS = /\u001b(?!\[[\d;]{0,32}m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g;

/** From Unicode's block of control pictures. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
