import type { HostEvent } from '../bindings/protocol';
import { type Host, HostFailure } from './host';
import { createEventReader } from './serverSentEvents';

const TOKEN_HEADER = 'x-recado-host-token';
const RECONNECT_MS = 500;

/** Reads a parameter from the address, after `#` or after `?`. */
function parameter(name: string): string | null {
  const hash = new URLSearchParams(location.hash.replace(/^#/, ''));
  return hash.get(name) ?? new URLSearchParams(location.search).get(name);
}

/** The headless client behind a loopback HTTP server: for development and browser tests, never in a release. */
export function browserHost(): Host {
  const origin = parameter('host') ?? location.origin;
  const headers = { [TOKEN_HEADER]: parameter('token') ?? '' };

  return {
    async invoke(name, request) {
      let response: Response;
      try {
        response = await fetch(`${origin}/host/${name}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(request),
        });
      } catch (thrown) {
        throw HostFailure.from(thrown);
      }
      const body: unknown = await response.json().catch(() => null);
      if (!response.ok) throw HostFailure.from(body ?? new Error(`HTTP ${response.status}`));
      return body as never;
    },

    listen(handler) {
      const stop = new AbortController();
      const follow = async () => {
        const response = await fetch(`${origin}/host/events`, { headers, signal: stop.signal });
        if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
        // Whatever was told before was missed.
        handler({ type: 'conversations_changed', conversation_ids: [] });
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const feed = createEventReader((data) => handler(JSON.parse(data) as HostEvent));
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          feed(value);
        }
      };
      const loop = async () => {
        while (!stop.signal.aborted) {
          await follow().catch(() => undefined);
          if (stop.signal.aborted) return;
          await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
        }
      };
      void loop();
      return () => stop.abort();
    },
  };
}
