// Makes dist/ of src/: the program in a few files, since to load 400 modules takes 70 ms of processor time and 16 MiB more at
// each start; what it reads beside its code, in the folders of the sources; and the stamp that says how fresh the build is.
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { rolldown } from 'rolldown';

const root = dirname(import.meta.dirname);
const [source, dist] = [join(root, 'src'), join(root, 'dist')];

/** What is started by path: the program, and the files of its threads. */
const entries = [
  'cli/main',
  'store/sqlite/worker',
  'functions/code/code-job-worker',
  'images/layers/layer-job-worker',
];

/**
 * A module finds its files by its own place, and keeps that when it becomes part of another file: `import.meta` is replaced by the
 * place where the module would be by itself.
 */
const ownPlaces = {
  name: 'own-places',
  transform(code, id) {
    if (!id.startsWith(source) || !code.includes('import.meta')) return undefined;
    const path = relative(source, id).replace(/\.ts$/, '.js');
    return code
      .replaceAll('import.meta.url', `HEARTH_URL_OF('${path}')`)
      .replaceAll('import.meta.dirname', `HEARTH_FOLDER_OF('${posix.dirname(path)}')`);
  },
  renderChunk(code, { fileName }) {
    const up = posix.relative(posix.dirname(fileName), '.') || '.';
    return code
      .replaceAll(/HEARTH_URL_OF\(['"](.+?)['"]\)/g, `new URL('${up}/$1', import.meta.url).href`)
      .replaceAll(/HEARTH_FOLDER_OF\(['"](.+?)['"]\)/g, `(import.meta.dirname + '/${up}/$1')`);
  },
};

function copyAssets(folder) {
  for (const entry of readdirSync(join(source, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) copyAssets(path);
    else if (/\.(json|html|css|svg)$/.test(entry.name)) cpSync(join(source, path), join(dist, path));
  }
}

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, join(source, `${name}.ts`)])),
  platform: 'node',
  // Packages stay what npm installed.
  external: /^[^./]/,
  plugins: [ownPlaces],
});
await bundle.write({
  dir: dist,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
copyAssets('');
writeFileSync(join(dist, '.built'), '');
