import { Plus, X } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { useDirectory, useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { ConversationView } from '../bindings/protocol';
import { useRunCommand } from '../commands/Commands';
import type { CommandName } from '../commands/registry';
import { denialOf } from '../conversation/denials';
import { useConversation } from '../conversation/useConversation';
import { useSubmit } from '../conversation/useSubmit';
import { Avatar } from '../design/Avatar';
import { Keys } from '../design/Keys';
import { useNow } from '../i18n/now';
import { useLocalization, useText } from '../i18n/text';
import { exactTime, listTime, monthAndYear, nearTime } from '../i18n/time';
import styles from './DetailsPane.module.css';

/** Who the customer is, how the conversation stands, and what was before. */
export function DetailsPane() {
  const t = useText();
  const selectedId = useUi((state) => (state.left ? null : state.selectedId));
  return (
    <section className={styles.pane} aria-label={t('pane-details')} data-pane="details">
      {selectedId === null ? null : <Details key={selectedId} id={selectedId} />}
    </section>
  );
}

function Details({ id }: { id: string }) {
  const { data: view } = useConversation(id);
  if (!view) return null;
  return (
    <>
      <Customer view={view} />
      <Standing view={view} />
      <Earlier view={view} />
    </>
  );
}

/** A long value may break where its own signs part it, rather than inside a word. */
function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[@/_+-])|(?=[.])/u).map((piece, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other identity
    <Fragment key={index}>
      {index > 0 ? <wbr /> : null}
      {piece}
    </Fragment>
  ));
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Customer({ view }: { view: ConversationView }) {
  const { t, locale } = useLocalization();
  const { contact } = view;
  const name = contact?.name ?? contact?.email ?? t('contact-unnamed');
  return (
    <section className={styles.section}>
      <div className={styles.head}>
        <Avatar id={view.head.contact_id} name={name} size={36} />
        <div className={styles.who}>
          <h2 className={styles.name}>
            <bdi>{name}</bdi>
          </h2>
          {contact ? (
            <p className={styles.since}>
              {t('contact-since', { date: monthAndYear(locale, contact.created_at) })}
            </p>
          ) : null}
        </div>
      </div>
      <dl>
        {contact?.email ? (
          <Fact name={t('contact-email')}>
            <span className={styles.copyable}>
              <Breakable text={contact.email} />
            </span>
          </Fact>
        ) : null}
        {contact?.phone ? (
          <Fact name={t('contact-phone')}>
            <span className={styles.copyable}>
              <Breakable text={contact.phone} />
            </span>
          </Fact>
        ) : null}
        {contact?.language ? (
          <Fact name={t('contact-language')}>{languageName(locale, contact.language)}</Fact>
        ) : null}
        {contact?.external_id ? (
          <Fact name={t('contact-external-id')}>
            <span className={styles.copyable}>
              <Breakable text={contact.external_id} />
            </span>
          </Fact>
        ) : null}
      </dl>
    </section>
  );
}

function languageName(locale: string, tag: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

interface ChoiceProps {
  command: CommandName;
  label: string;
  blocked: string | null;
  children: ReactNode;
}

/** A fact that can be changed: a press or its key opens the choice. */
function Choice({ command, label, blocked, children }: ChoiceProps) {
  const run = useRunCommand();
  return (
    <button
      type="button"
      className={styles.choice}
      aria-disabled={blocked ? true : undefined}
      title={blocked ?? undefined}
      onClick={() => run(command)}
    >
      <span className="offscreen">{label}: </span>
      <span className={styles.value}>
        <bdi>{children}</bdi>
      </span>
      {blocked ? null : <Keys command={command} />}
    </button>
  );
}

function Standing({ view }: { view: ConversationView }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const submit = useSubmit();
  const run = useRunCommand();
  const { account } = useReadyState();
  const { teammateName, teamName } = useDirectory();
  const { head } = view;
  const assignee =
    head.admin_assignee_id === null
      ? t('nobody')
      : head.admin_assignee_id === account?.teammate_id
        ? (account.name ?? t('you'))
        : (teammateName(head.admin_assignee_id) ?? t('somebody'));
  const team =
    head.team_assignee_id === null ? t('no-team') : (teamName(head.team_assignee_id) ?? t('view-team'));
  const priority = t(head.priority === 'priority' ? 'priority-first' : 'priority-normal');
  const tagDenied = denialOf(t, view, 'conversation_tag_add');
  const untagDenied = denialOf(t, view, 'conversation_tag_remove');
  return (
    <section className={styles.section}>
      <h2 className={styles.heading}>{t('details-conversation')}</h2>
      <dl>
        <Fact name={t('details-assignee')}>
          <Choice
            command="conversation.assign"
            label={t('details-assignee')}
            blocked={denialOf(t, view, 'conversation_assign')}
          >
            {assignee}
          </Choice>
        </Fact>
        <Fact name={t('details-team')}>
          <Choice
            command="conversation.assignTeam"
            label={t('details-team')}
            blocked={denialOf(t, view, 'conversation_assign_team')}
          >
            {team}
          </Choice>
        </Fact>
        <Fact name={t('details-priority')}>
          <Choice
            command="conversation.priority"
            label={t('details-priority')}
            blocked={denialOf(t, view, 'conversation_prioritize')}
          >
            {priority}
          </Choice>
        </Fact>
        <Fact name={t('details-tags')}>
          <span className={styles.tags}>
            {head.tags.map((tag) => (
              <span key={tag} className={styles.tag}>
                <bdi>{tag}</bdi>
                {untagDenied ? null : (
                  <button
                    type="button"
                    className={styles.untag}
                    aria-label={t('tag-remove', { tag })}
                    onClick={() =>
                      void submit(
                        head.id,
                        { type: 'conversation_tag_remove', tag },
                        t('done-untagged', { tag }),
                      )
                    }
                  >
                    <X size={12} strokeWidth={2} aria-hidden="true" />
                  </button>
                )}
              </span>
            ))}
            {tagDenied ? null : (
              <button
                type="button"
                className={styles.addTag}
                aria-label={t('command-conversation-tag')}
                data-testid="details-tag"
                onClick={() => run('conversation.tag')}
              >
                <Plus size={13} strokeWidth={1.75} aria-hidden="true" />
                <Keys command="conversation.tag" />
              </button>
            )}
          </span>
        </Fact>
        {head.state === 'snoozed' && head.snoozed_until !== null ? (
          <Fact name={t('details-wakes')}>{nearTime(locale, head.snoozed_until, nowMs)}</Fact>
        ) : null}
        <Fact name={t('details-opened')}>
          <span title={exactTime(locale, head.created_at)}>{nearTime(locale, head.created_at, nowMs)}</span>
        </Fact>
      </dl>
    </section>
  );
}

function Earlier({ view }: { view: ConversationView }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  if (view.earlier.length === 0) return null;
  return (
    <section className={styles.section}>
      <h2 className={styles.heading}>{t('details-earlier')}</h2>
      <ul>
        {view.earlier.map((entry) => (
          <li key={entry.conversation_id}>
            <button type="button" className={styles.earlier} onClick={() => ui.select(entry.conversation_id)}>
              <span className={styles.earlierTitle}>
                <bdi>{entry.title === '' ? t('row-empty') : entry.title}</bdi>
              </span>
              <span className={styles.earlierTime}>{listTime(locale, entry.last_part_at, nowMs)}</span>
              {entry.state === 'closed' ? null : (
                <span className="offscreen">
                  {t(entry.state === 'open' ? 'state-open' : 'state-snoozed')}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
