import type { Connection } from '../bindings/protocol';
import type { Translate } from '../i18n/text';
import { nearTime } from '../i18n/time';

/** How the way to the server stands, in words. */
export function connectionText(t: Translate, locale: string, connection: Connection, nowMs: number): string {
  const { state, bootstrap } = connection;
  if (state === 'offline') return t('status-offline', { since: nearTime(locale, connection.since, nowMs) });
  if (bootstrap) {
    return bootstrap.heads_complete
      ? t('status-loading-bodies', { count: bootstrap.bodies, total: bootstrap.heads })
      : t('status-loading-heads', { count: bootstrap.heads });
  }
  if (state === 'connecting') return t('status-connecting');
  return state === 'online' ? t('status-online') : t('status-idle');
}
