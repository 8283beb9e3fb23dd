import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { HostEvent } from '../bindings/protocol';
import { type Host, HostFailure } from './host';

const EVENT = 'recado://event';

/** The desktop program, over its IPC. */
export function tauriHost(): Host {
  return {
    async invoke(name, request) {
      try {
        return await invoke(name, { request });
      } catch (thrown) {
        throw HostFailure.from(thrown);
      }
    },
    listen(handler) {
      const registration = listen<HostEvent>(EVENT, (event) => handler(event.payload));
      return () => {
        registration.then((unlisten) => unlisten());
      };
    },
  };
}
