import { codeText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import { useAvailableCommands, useKeys, useRunCommand } from '../commands/Commands';
import { keyCaps } from '../commands/keyLabel';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { connectionText } from './connectionText';
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
  const run = useRunCommand();
  const canRetry = useAvailableCommands().has('connection.retry');
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
      {canRetry ? (
        <button
          type="button"
          className={styles.link}
          data-testid="connection-retry"
          onClick={() => run('connection.retry')}
        >
          {t('command-connection-retry')}
        </button>
      ) : null}
      {queued > 0 ? (
        <button
          type="button"
          className={styles.link}
          data-tone={state === 'online' ? undefined : 'waiting'}
          data-testid="status-queued"
          onClick={() => ui.showOutbox()}
        >
          {t(state === 'online' ? 'status-sending' : 'status-queued', { count: queued })}
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
