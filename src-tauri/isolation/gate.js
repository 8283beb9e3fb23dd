// The gate of the bridge. Each message of the page to the program passes through this frame, which holds the key that
// the program opens messages with and into which the page cannot reach. What is not exactly what the interface takes
// goes no further: in its place travels the reason, under a command that exists, so that whoever asked gets an answer.
(() => {
  'use strict';

  /** The host's commands, from `commands.js`. */
  const commands = new Set(window.RECADO_COMMANDS);
  /** Under what name a reason travels. */
  const CARRIER = 'app_state';
  const EVENT = 'recado://event';
  /** Those that carry what somebody wrote: a message of the largest size, and some room. */
  const LONG = new Set(['command_submit', 'draft_save']);
  const LONG_CHARS = 1_100_000;
  const SHORT_CHARS = 65_536;
  /** No request of the interface is deeper, or has as many values. */
  const MAX_DEPTH = 8;
  const MAX_VALUES = 4_096;
  const MIN_ZOOM = 0.2;
  const MAX_ZOOM = 10;

  class Stopped extends Error {
    constructor(code, reason) {
      super(reason);
      this.code = code;
    }
  }

  const stop = (code, reason) => {
    throw new Stopped(code, reason);
  };

  const isPlain = (value) =>
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

  /** A copy of what JSON can say, and nothing else. */
  function copyOf(value, budget, depth) {
    budget.values -= 1;
    if (depth > MAX_DEPTH || budget.values < 0) stop('too_large', 'the message has too many values');
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      return Number.isFinite(value) ? value : stop('invalid_request', 'a number is not finite');
    }
    if (typeof value === 'string') return counted(value, budget);
    if (Array.isArray(value)) return value.map((entry) => copyOf(entry, budget, depth + 1));
    if (!isPlain(value)) stop('invalid_request', 'the message holds what is not data');
    const copy = Object.create(null);
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined) copy[counted(key, budget)] = copyOf(entry, budget, depth + 1);
    }
    return copy;
  }

  function counted(text, budget) {
    budget.chars -= text.length;
    return budget.chars >= 0 ? text : stop('too_large', 'the message is too long');
  }

  /** Whether the object has these properties and no other, each as its check says. */
  const hasExactly = (value, checks) =>
    isPlain(value) &&
    Object.keys(value).length === Object.keys(checks).length &&
    Object.entries(checks).every(([key, check]) => Object.hasOwn(value, key) && check(value[key]));

  const isId = (value) => Number.isInteger(value) && value >= 0;
  const isEvent = (value) => value === EVENT;

  /** The few commands of the framework that the page needs, each with the only form that it uses. */
  const FRAMEWORK = {
    'plugin:event|listen': {
      event: isEvent,
      target: (value) => hasExactly(value, { kind: (kind) => kind === 'Any' }),
      handler: isId,
    },
    'plugin:event|unlisten': { event: isEvent, eventId: isId },
    'plugin:webview|set_webview_zoom': {
      value: (value) => typeof value === 'number' && value >= MIN_ZOOM && value <= MAX_ZOOM,
    },
  };

  function passedOn(cmd, payload) {
    if (typeof cmd === 'string' && Object.hasOwn(FRAMEWORK, cmd)) {
      if (!hasExactly(payload, FRAMEWORK[cmd])) stop('invalid_request', `${cmd} was asked in another form`);
      return payload;
    }
    if (!commands.has(cmd)) stop('permission_denied', 'there is no such command');
    if (!hasExactly(payload, { request: isPlain })) stop('invalid_request', 'the message is no request');
    const budget = { chars: LONG.has(cmd) ? LONG_CHARS : SHORT_CHARS, values: MAX_VALUES };
    // The name goes under the seal as well: what was checked for one command is of no use to another.
    return { command: cmd, request: copyOf(payload.request, budget, 0) };
  }

  const gate = (message) => {
    const { cmd, callback, error, payload } = message;
    try {
      return { cmd, callback, error, payload: passedOn(cmd, payload) };
    } catch (thrown) {
      const code = thrown instanceof Stopped ? thrown.code : 'invalid_request';
      const reason = thrown instanceof Stopped ? thrown.message : 'the message cannot be read';
      return { cmd: CARRIER, callback, error, payload: { stopped: code, reason } };
    }
  };
  Object.defineProperty(window, '__TAURI_ISOLATION_HOOK__', { value: gate });
})();
