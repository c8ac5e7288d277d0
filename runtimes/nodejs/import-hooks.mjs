import { createRequire } from 'node:module';

const { resolveFromNodePathLater } = createRequire(import.meta.url)('./module-paths.cjs');
let nodePath;

export function initialize(data) {
  nodePath = data;
}

export function resolve(specifier, context, nextResolve) {
  return resolveFromNodePathLater(nodePath, { specifier, context, nextResolve });
}
