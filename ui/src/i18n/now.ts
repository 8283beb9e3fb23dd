import { useSyncExternalStore } from 'react';

// One timer for every clock on the screen; it stops while nothing shows a time.
const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (listeners.size === 1) {
    nowMs = Date.now();
    timer = setInterval(() => {
      nowMs = Date.now();
      for (const notify of listeners) notify();
    }, 15_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The time in milliseconds, renewed every 15 seconds: enough for minutes. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}
