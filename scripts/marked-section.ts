/** Replaces what a document has between `<!-- begin NAME -->` and `<!-- end NAME -->`. Throws where the marks are not there. */
export function withSection(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`no section "${name}" in the document`);
  return `${document.slice(0, from + begin.length)}\n${content}\n\n${document.slice(to)}`;
}

export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}
