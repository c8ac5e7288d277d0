'use strict';

const inspector = require('node:inspector');

/** Opens the inspector and waits until a debugger is there and has set its breakpoints. */
function waitForDebugger(port) {
  inspector.open(Number(port), '127.0.0.1', false);
  inspector.waitForDebugger();
}

/**
 * Makes the debugger stop on the handler's first line, once it is called: what the console command `debug(handler)` does.
 * Such breakpoints go with the session that set them, so this one stays.
 */
function stopAtFirstLine(handler) {
  const session = new inspector.Session();
  session.connect();
  session.post('Debugger.enable');
  globalThis.__handler = handler;
  session.post('Runtime.evaluate', { expression: 'debug(__handler)', includeCommandLineAPI: true });
  delete globalThis.__handler;
}

module.exports = { stopAtFirstLine, waitForDebugger };
