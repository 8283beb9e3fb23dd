import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { HostEvent } from '../bindings/protocol';
import { type Host, HostFailure } from './host';

const EVENT = 'recado://event';

/** The desktop program, over its IPC. */
export function tauriHost(): Host {
  // The program tells what waited for the page once it is asked for the first time, so nothing is asked before the
  // page listens, in whatever order its components begin.
  let hears: () => void = () => undefined;
  const listening = new Promise<void>((resolve) => {
    hears = resolve;
  });
  return {
    async invoke(name, request) {
      await listening;
      try {
        return await invoke(name, { request });
      } catch (thrown) {
        throw HostFailure.from(thrown);
      }
    },
    listen(handler) {
      const registration = listen<HostEvent>(EVENT, (event) => handler(event.payload));
      registration.then(hears, hears);
      return () => {
        registration.then((unlisten) => unlisten());
      };
    },
  };
}
