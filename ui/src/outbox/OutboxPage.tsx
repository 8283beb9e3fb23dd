import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CheckCheck } from 'lucide-react';
import { type RefObject, useEffect, useRef } from 'react';
import { codeText, errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS, useDirectory, useOutbox, useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { Action, KeptDraft, OutboxEntry } from '../bindings/protocol';
import { useCommand } from '../commands/Commands';
import { copy } from '../conversation/copy';
import { MeanwhileLine } from '../conversation/MeanwhileLine';
import { useOutboxActions } from '../conversation/Message';
import { Button, CommandButton } from '../design/Button';
import { Keys } from '../design/Keys';
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
  const page = useRef<HTMLElement>(null);
  const entries = data?.entries ?? [];
  const refused = entries.filter((entry) => entry.delivery.type === 'refused');
  const waiting = entries.filter((entry) => entry.delivery.type !== 'refused');
  useOutboxKeys(page, refused);
  // Whoever comes by a key goes on by keys.
  useEffect(() => {
    if (!page.current?.contains(document.activeElement)) page.current?.focus();
  }, []);
  return (
    <section
      ref={page}
      className={styles.page}
      aria-label={t('outbox-title')}
      tabIndex={-1}
      data-pane="outbox"
      data-testid="outbox"
    >
      <header className={styles.header}>
        <div>
          <h1>{t('outbox-title')}</h1>
          <p className={styles.lead}>
            {t(connection.state === 'offline' ? 'outbox-lead-offline' : 'outbox-lead')}
          </p>
        </div>
        <div className={styles.actions}>
          {connection.state === 'offline' && connection.reason !== 'overloaded' ? (
            <CommandButton command="connection.retry">{t('command-connection-retry')}</CommandButton>
          ) : null}
          {refused.length > 1 ? (
            <CommandButton command="outbox.retryAll" testId="outbox-retry-all">
              {t('command-outbox-retry-all')}
            </CommandButton>
          ) : null}
        </div>
      </header>
      {data && entries.length === 0 ? (
        <p className={styles.empty}>
          <CheckCheck size={18} strokeWidth={1.75} aria-hidden="true" />
          {t('outbox-empty')}
        </p>
      ) : null}
      {refused.length > 0 ? <List title={t('outbox-refused')} entries={refused} /> : null}
      {waiting.length > 0 ? <List title={t('outbox-waiting')} entries={waiting} /> : null}
      <Drafts />
    </section>
  );
}

/** J and K walk through the entries, and the key for doing again is about the one with the focus, or the first. */
function useOutboxKeys(page: RefObject<HTMLElement | null>, refused: readonly OutboxEntry[]) {
  const { retry } = useOutboxActions();
  const titles = () => [...(page.current?.querySelectorAll<HTMLElement>('[data-outbox-title]') ?? [])];
  const move = (by: number) => {
    const all = titles();
    const index = all.findIndex((title) => title.closest('li')?.contains(document.activeElement));
    (all[index + by] ?? (index < 0 ? all[0] : undefined))?.focus();
  };
  useCommand('list.next', () => move(1));
  useCommand('list.previous', () => move(-1));
  useCommand(
    'action.redo',
    refused.length === 0
      ? null
      : () => {
          const focused =
            document.activeElement?.closest<HTMLElement>('[data-command-id]')?.dataset.commandId;
          const entry = refused.find(({ command_id }) => command_id === focused) ?? refused[0];
          if (entry) retry.mutate({ command_id: entry.command_id });
        },
  );
}

function List({ title, entries }: { title: string; entries: readonly OutboxEntry[] }) {
  return (
    <section>
      <h2 className={styles.heading}>
        {title} <span className="numbers">{entries.length}</span>
      </h2>
      <ul className={styles.list}>
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
    <li
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
  const asked = useUi((state) => state.outboxPart === 'drafts');
  const some = drafts.length > 0;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (asked && some) list.current?.querySelector<HTMLElement>('[data-outbox-title]')?.focus();
  }, [asked, some]);
  if (!some) return null;
  return (
    <section>
      <h2 className={styles.heading}>
        {t('outbox-drafts')} <span className="numbers">{drafts.length}</span>
      </h2>
      <ul ref={list} className={styles.list}>
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
                    data-outbox-title
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
                  <Button onPress={() => void copy(t, draft.body_text)}>{t('refused-copy')}</Button>
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
