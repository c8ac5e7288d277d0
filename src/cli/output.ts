import { stripVTControlCharacters, styleText } from 'node:util';

export type OutputFormat = 'text' | 'json';

/** A stream that may be somebody's terminal. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

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

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  raw(text: string): void {
    this.#out.write(text);
  }

  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** Rewrites the current line of a terminal; in a pipe it says nothing. */
  progress(text: string): void {
    if (this.watched) this.#err.write(`\r\u001b[2K${text}`);
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
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
        .join('  ')
        .trimEnd();
    this.line(this.style('bold', render(head)));
    for (const row of rows) this.line(render(row));
  }
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
