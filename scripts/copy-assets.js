// Completes dist/ after tsc: what the program reads beside its code, and the stamp that says how fresh the build is.
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);

function copy(folder) {
  for (const entry of readdirSync(join(root, 'src', folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) copy(path);
    else if (/\.(json|html|css|svg)$/.test(entry.name))
      cpSync(join(root, 'src', path), join(root, 'dist', path));
  }
}

copy('');
writeFileSync(join(root, 'dist', '.built'), '');
