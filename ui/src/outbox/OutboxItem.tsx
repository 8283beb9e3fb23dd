import { codeText } from '../app/errors';
import { useDirectory } from '../app/queries';
import { ui } from '../app/uiState';
import type { Action, OutboxEntry } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { MeanwhileLine } from '../conversation/MeanwhileLine';
import { useOutboxActions } from '../conversation/useOutboxActions';
import { Button } from '../design/Button';
import { Keys } from '../design/Keys';
import { useNow } from '../i18n/now';
import { type TextId, textIds, useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './OutboxPage.module.css';

const TITLES: Record<Action['type'], TextId> = textIds({
  conversation_reply: 'outbox-reply',
  conversation_note: 'outbox-note',
  conversation_assign: 'outbox-assign',
  conversation_assign_team: 'outbox-assign-team',
  conversation_close: 'outbox-close',
  conversation_open: 'outbox-open',
  conversation_snooze: 'outbox-snooze',
  conversation_prioritize: 'outbox-prioritize',
  conversation_tag_add: 'outbox-tag-add',
  conversation_tag_remove: 'outbox-tag-remove',
  conversation_mark: 'outbox-mark',
});

const bodyOf = (action: Action) => ('body_text' in action ? action.body_text : null);

/** What waits or was refused: what it is, since when, why, and what can be done. */
export function OutboxItem({ entry }: { entry: OutboxEntry }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { teammateName, teamName } = useDirectory();
  const { retry, discard } = useOutboxActions();
  const { action, delivery, command_id } = entry;
  const body = bodyOf(action);
  const name = entry.contact_name ?? t('contact-unnamed');
  const sending = delivery.type === 'queued' && delivery.sending;
  const detail =
    action.type === 'conversation_assign'
      ? action.admin_assignee_id === null
        ? t('nobody')
        : (teammateName(action.admin_assignee_id) ?? t('somebody'))
      : action.type === 'conversation_assign_team'
        ? action.team_assignee_id === null
          ? t('no-team')
          : (teamName(action.team_assignee_id) ?? t('view-team'))
        : action.type === 'conversation_tag_add' || action.type === 'conversation_tag_remove'
          ? action.tag
          : action.type === 'conversation_snooze'
            ? nearTime(locale, action.snoozed_until, nowMs)
            : '';
  return (
    <div
      className={styles.entry}
      data-testid="outbox-entry"
      data-delivery={delivery.type}
      data-command-id={command_id}
    >
      <div className={styles.what}>
        <button
          type="button"
          className={styles.title}
          data-outbox-title
          onClick={() => ui.select(entry.conversation_id)}
        >
          {t(TITLES[action.type], { name, detail })}
          {entry.title === null ? null : (
            <span className={styles.subject}>
              <bdi>{entry.title}</bdi>
            </span>
          )}
        </button>
        <span className={styles.when}>
          {nearTime(locale, entry.created_at, nowMs)}
          {entry.attempts > 1 ? ` · ${t('outbox-attempts', { count: entry.attempts })}` : ''}
        </span>
      </div>
      {body === null ? null : (
        <p className={styles.body} dir="auto">
          {body}
        </p>
      )}
      {entry.meanwhile ? <MeanwhileLine deed={entry.meanwhile} /> : null}
      <div className={styles.state}>
        {delivery.type === 'refused' ? (
          <span data-tone="failed">{codeText(t, delivery.code)}</span>
        ) : (
          <span data-tone="waiting">{t(sending ? 'delivery-sending' : 'delivery-queued')}</span>
        )}
        {sending ? null : (
          <span className={styles.actions}>
            {delivery.type === 'refused' ? (
              <Button onPress={() => retry.mutate({ command_id })} testId="outbox-retry">
                {t('refused-retry')}
                <Keys command="action.redo" />
              </Button>
            ) : null}
            {body === null ? null : <Button onPress={() => void copy(t, body)}>{t('refused-copy')}</Button>}
            <Button kind="danger" onPress={() => discard.mutate({ command_id })} testId="outbox-discard">
              {t('refused-discard')}
            </Button>
          </span>
        )}
      </div>
    </div>
  );
}
