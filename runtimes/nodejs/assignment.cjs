'use strict';

const FIRST_WITH_IMPORTED_HANDLERS = 24;

/**
 * For a process that was started ahead of need: waits, over the platform's own socket, for the function that it will
 * run, then looks as if it had been started for that one.
 */
async function awaitAssignment(env, connection) {
  // The loader of ES modules takes 3 ms to get ready, which nobody waits for here.
  if (Number.parseInt(process.versions.node, 10) >= FIRST_WITH_IMPORTED_HANDLERS) await import('node:path');
  const { variables, folder } = await connection.assignment();
  process.chdir(folder);
  adoptVariables(env, variables);
}

/** What stays as it was keeps its place, so that the order too is that of a process started with these variables. */
function adoptVariables(env, variables) {
  delete env.HEARTH_UNASSIGNED;
  for (const [name, value] of Object.entries(variables)) {
    if (env[name] !== value) env[name] = value;
  }
}

module.exports = { awaitAssignment };
