import { codeText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { Connection } from '../bindings/protocol';
import { useKeys } from '../commands/Commands';
import { keyCaps } from '../commands/keyLabel';
import { useNow } from '../i18n/now';
import { type Translate, useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './StatusBar.module.css';

/** A clock that is further off than this makes sign-in codes fail. */
const CLOCK_TOLERATED_S = 60;

/** The truth about connection, queue and cache. */
export function StatusBar() {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { connection, secret_storage } = useReadyState();
  const next = useKeys('list.next')[0];
  const previous = useKeys('list.previous')[0];
  const keys = useKeys('keys.show')[0];
  const cap = (sequence: string | undefined) => (sequence ? keyCaps(sequence).join(' ') : '');
  const { queued, refused, reason, state } = connection;
  const skewMin = Math.round(connection.clock_ahead_s / 60);

  return (
    <section className={styles.bar} aria-label={t('pane-status')} data-testid="status-bar" data-state={state}>
      <span className={styles.state} role="status">
        <span className={styles.dot} data-state={state} aria-hidden="true" />
        <span data-tone={state === 'offline' ? 'waiting' : undefined}>
          {connectionText(t, locale, connection, nowMs)}
        </span>
      </span>
      {state === 'offline' && reason && reason !== 'unreachable' ? <span>{codeText(t, reason)}</span> : null}
      {state === 'online' && queued > 0 ? (
        <button type="button" className={styles.link} onClick={() => ui.showOutbox()}>
          {t('status-sending', { count: queued })}
        </button>
      ) : null}
      {refused > 0 ? (
        <button type="button" className={styles.link} data-tone="failed" onClick={() => ui.showOutbox()}>
          {t('status-refused', { count: refused })}
        </button>
      ) : null}
      {Math.abs(connection.clock_ahead_s) > CLOCK_TOLERATED_S ? (
        <span data-tone="waiting">
          {t(skewMin > 0 ? 'status-clock-ahead' : 'status-clock-behind', { minutes: Math.abs(skewMin) || 1 })}
        </span>
      ) : null}
      <span className={styles.cache}>
        {t(secret_storage === 'memory' ? 'status-not-stored' : 'status-cache')}
      </span>
      <span className={styles.gap} />
      {next && previous && keys ? (
        <span className={styles.hints} aria-hidden="true">
          {t('status-hints', { next: cap(next), previous: cap(previous), keys: cap(keys) })}
        </span>
      ) : null}
    </section>
  );
}

function connectionText(t: Translate, locale: string, connection: Connection, nowMs: number): string {
  const { state, bootstrap, queued } = connection;
  if (state === 'offline') {
    return t('status-offline', { since: nearTime(locale, connection.since, nowMs), count: queued });
  }
  if (bootstrap) {
    return bootstrap.heads_complete
      ? t('status-loading-bodies', { count: bootstrap.bodies, total: bootstrap.heads })
      : t('status-loading-heads', { count: bootstrap.heads });
  }
  if (state === 'connecting') return t('status-connecting');
  return state === 'online' ? t('status-online') : t('status-idle');
}
