'use strict';

const module_ = require('node:module');
const { dirname } = require('node:path');
const { pathToFileURL } = require('node:url');

/** Folders that stand beside a `node_modules` of `NODE_PATH`, as places to import from. */
function importPlaces(nodePath) {
  return (nodePath ?? '')
    .split(':')
    .filter((folder) => folder.endsWith('/node_modules'))
    .map((folder) => pathToFileURL(`${dirname(folder)}/_`).href);
}

function isPackage(specifier) {
  return !/^(?:\.{0,2}\/|[a-z]+:|#)/.test(specifier);
}

/**
 * Lets `import` find packages of layers and of the runtime by `NODE_PATH`, which Node.js itself obeys for `require`
 * only; AWS patches its Node.js to the same effect. The function's own packages are tried first.
 */
function resolveFromNodePath(nodePath) {
  const places = importPlaces(nodePath);
  return (specifier, context, nextResolve) => {
    if (!isPackage(specifier)) return nextResolve(specifier, context);
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      return resolveFromPlaces(places, { specifier, context, nextResolve }, error);
    }
  };
}

function resolveFromPlaces(places, { specifier, context, nextResolve }, error) {
  for (const parentURL of places) {
    try {
      return nextResolve(specifier, { ...context, parentURL });
    } catch (again) {
      if (again?.code !== 'ERR_MODULE_NOT_FOUND') throw again;
    }
  }
  throw error;
}

/** For Node.js before 22.15, whose hooks run on a thread of their own and answer by promise. */
async function resolveFromNodePathLater(nodePath, { specifier, context, nextResolve }) {
  if (!isPackage(specifier)) return nextResolve(specifier, context);
  let failure;
  for (const parentURL of [context.parentURL, ...importPlaces(nodePath)]) {
    try {
      return await nextResolve(specifier, { ...context, parentURL });
    } catch (error) {
      if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** In the thread itself, at no cost that could be measured. Node.js 22.15 and newer. */
function obeyNodePath(nodePath) {
  module_.registerHooks?.({ resolve: resolveFromNodePath(nodePath) });
}

/** For older versions, whose hooks need a thread (30 ms): only once an ES module is about to be loaded. */
function obeyNodePathOnThread(nodePath) {
  if (module_.registerHooks) return;
  module_.register?.(pathToFileURL(`${__dirname}/import-hooks.mjs`).href, { data: nodePath });
}

module.exports = { obeyNodePath, obeyNodePathOnThread, resolveFromNodePathLater };
