import type { Host } from './host';

declare global {
  interface Window {
    __TAURI_INTERNALS__?: unknown;
    /** The host without a program behind it, to play with from the console. */
    recadoMemory?: Host;
  }
}

/** The host that this page runs in. Only what is needed is loaded. */
export async function chooseHost(): Promise<Host> {
  if (window.__TAURI_INTERNALS__) return (await import('./tauri')).tauriHost();
  // `vite --mode memory` shows every screen without any host; a production build leaves this branch out.
  if (import.meta.env.MODE === 'memory') {
    const host = (await import('./memory')).memoryHost(
      Number(new URLSearchParams(location.search).get('count') ?? 13),
    );
    window.recadoMemory = host;
    return host;
  }
  return (await import('./browser')).browserHost();
}
