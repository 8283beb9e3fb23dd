import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { codeText, errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS, useDirectory, useOutbox, useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { Action, KeptDraft, OutboxEntry } from '../bindings/protocol';
import { copy, useOutboxActions } from '../conversation/Message';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { type TextId, textIds, useLocalization, useText } from '../i18n/text';
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

/** Everything that waits or was refused: what, since when, why, and what can be done. */
export function OutboxPage() {
  const t = useText();
  const { data } = useOutbox();
  const { connection } = useReadyState();
  const entries = data?.entries ?? [];
  const refused = entries.filter((entry) => entry.delivery.type === 'refused');
  const waiting = entries.filter((entry) => entry.delivery.type !== 'refused');
  return (
    <section className={styles.page} aria-label={t('outbox-title')} data-pane="outbox" data-testid="outbox">
      <header className={styles.header}>
        <h1>{t('outbox-title')}</h1>
        <p className={styles.lead}>
          {t(connection.state === 'offline' ? 'outbox-lead-offline' : 'outbox-lead')}
        </p>
      </header>
      {data && entries.length === 0 ? <p className={styles.empty}>{t('outbox-empty')}</p> : null}
      {refused.length > 0 ? <List title={t('outbox-refused')} entries={refused} /> : null}
      {waiting.length > 0 ? <List title={t('outbox-waiting')} entries={waiting} /> : null}
      <Drafts />
    </section>
  );
}

function List({ title, entries }: { title: string; entries: readonly OutboxEntry[] }) {
  return (
    <section>
      <h2 className={styles.heading}>{title}</h2>
      <ul>
        {entries.map((entry) => (
          <Entry key={entry.command_id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ entry }: { entry: OutboxEntry }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { teammateName, teamName } = useDirectory();
  const { retry, discard } = useOutboxActions();
  const { action, delivery } = entry;
  const body = bodyOf(action);
  const name = entry.contact_name ?? t('contact-unnamed');
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
    <li className={styles.entry} data-testid="outbox-entry" data-delivery={delivery.type}>
      <div className={styles.what}>
        <button type="button" className={styles.title} onClick={() => ui.select(entry.conversation_id)}>
          {t(TITLES[action.type], { name, detail })}
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
      <div className={styles.state}>
        {delivery.type === 'refused' ? (
          <>
            <span data-tone="failed">{codeText(t, delivery.code)}</span>
            <span className={styles.actions}>
              <Button onPress={() => retry.mutate({ command_id: entry.command_id })}>
                {t('refused-retry')}
              </Button>
              {body === null ? null : (
                <Button onPress={() => void copy(body, t('copied'))}>{t('refused-copy')}</Button>
              )}
              <Button kind="danger" onPress={() => discard.mutate({ command_id: entry.command_id })}>
                {t('refused-discard')}
              </Button>
            </span>
          </>
        ) : (
          <span data-tone="waiting">
            {t(delivery.type === 'queued' && delivery.sending ? 'delivery-sending' : 'delivery-queued')}
          </span>
        )}
      </div>
    </li>
  );
}

/** What was begun and not sent, that of conversations out of reach included: it exists nowhere else. */
function Drafts() {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const host = useHost();
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: KEYS.drafts,
    queryFn: () => host.invoke('drafts', {}),
    staleTime: 0,
  });
  const drafts = data?.drafts ?? [];
  const remove = useMutation({
    mutationFn: ({ draft }: KeptDraft) => host.invoke('draft_save', { ...draft, body_text: '' }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS.drafts }),
    onError: (error) => ui.toast(errorText(t, error), { tone: 'failed' }),
  });
  if (drafts.length === 0) return null;
  return (
    <section>
      <h2 className={styles.heading}>{t('outbox-drafts')}</h2>
      <ul>
        {drafts.map((kept) => {
          const { draft } = kept;
          const title = t(draft.kind === 'note' ? 'outbox-note' : 'outbox-reply', {
            name: kept.contact_name ?? t('contact-unnamed'),
          });
          return (
            <li key={draft.conversation_id + draft.kind} className={styles.entry} data-testid="kept-draft">
              <div className={styles.what}>
                {kept.reachable ? (
                  <button
                    type="button"
                    className={styles.title}
                    onClick={() => ui.select(draft.conversation_id)}
                  >
                    {title}
                  </button>
                ) : (
                  <span className={styles.title}>{title}</span>
                )}
                <span className={styles.when}>{nearTime(locale, kept.updated_at, nowMs)}</span>
              </div>
              <p className={styles.body} dir="auto">
                {draft.body_text}
              </p>
              <div className={styles.state}>
                <span className={styles.reach}>{kept.reachable ? '' : t('outbox-draft-unreachable')}</span>
                <span className={styles.actions}>
                  <Button onPress={() => void copy(draft.body_text, t('copied'))}>{t('refused-copy')}</Button>
                  <Button kind="danger" onPress={() => remove.mutate(kept)}>
                    {t('refused-discard')}
                  </Button>
                </span>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
