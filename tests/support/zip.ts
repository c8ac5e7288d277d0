import { zipSync } from 'fflate';

/** What is executable in a test's zip. */
const EXECUTABLE = /bootstrap$|^bin\/|^extensions\/(?!.*\.txt$)/;

/** A zip of text files, some of them executable by their names. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([name, content]) => {
    const mode = EXECUTABLE.test(name) ? 0o100755 : 0o100644;
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    return [name, [bytes, { os: 3, attrs: mode * 2 ** 16 }]] as const;
  });
  return zipSync(Object.fromEntries(entries.map(([name, entry]) => [name, [entry[0], { ...entry[1] }]])));
}
