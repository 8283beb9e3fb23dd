import { useSyncExternalStore } from 'react';

const root = () => document.documentElement;

function subscribe(listener: () => void) {
  const observer = new MutationObserver(listener);
  observer.observe(root(), { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}

/** Whether the dark theme is shown, for what style sheets cannot reach. */
export const useDark = () => useSyncExternalStore(subscribe, () => root().dataset.theme === 'dark');
