import { useEffect } from 'react';
import { useCommand } from '../commands/Commands';
import { useText } from '../i18n/text';
import { errorText } from './errors';
import { useHost } from './host';
import { useReadyState } from './queries';
import { ui } from './uiState';

/** What shows that somebody is there. */
const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const;
/** How often it is looked at whether somebody still is. */
const LOOK_EVERY_MS = 5_000;

/** Locks the app by its key, and when nobody has touched it for as long as was chosen. */
export function AppLock() {
  const t = useText();
  const host = useHost();
  const { app_lock, settings, phase } = useReadyState();
  const limitMs = settings.lock_after_min * 60_000;
  const watches = app_lock && phase === 'ready' && limitMs > 0;
  const lock = () => {
    host.invoke('app_lock', {}).catch((error) => ui.toast(errorText(t, error), { tone: 'failed' }));
  };
  useCommand('app.lock', lock, app_lock ? null : t('app-lock-missing'));
  useEffect(() => {
    if (!watches) return;
    // By the clock rather than by a timer that sleeps with the machine or with a hidden window.
    let last = Date.now();
    let asked = false;
    const look = () => {
      if (asked || Date.now() - last < limitMs) return;
      asked = true;
      void host.invoke('app_lock', {}).catch(() => {
        asked = false;
      });
    };
    // The first sign after a long sleep comes before the timer: it must not make up for it.
    const note = () => {
      look();
      if (!asked) last = Date.now();
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    const wake = () => look();
    document.addEventListener('visibilitychange', wake);
    for (const sign of SIGNS) window.addEventListener(sign, note, { capture: true, passive: true });
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', wake);
      for (const sign of SIGNS) window.removeEventListener(sign, note, { capture: true });
    };
  }, [host, watches, limitMs]);
  return null;
}
