import { useEffect, useMemo, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState } from '../app/queries';
import { type LeftConversation, ui, useUi } from '../app/uiState';
import type { ConversationId, ConversationView } from '../bindings/protocol';
import { useKeys } from '../commands/Commands';
import { Button } from '../design/Button';
import { KeyCaps } from '../design/Keys';
import { useNow } from '../i18n/now';
import { useText } from '../i18n/text';
import { Composer } from './Composer';
import { ConversationHeader } from './ConversationHeader';
import styles from './ConversationPane.module.css';
import { conflictsOf } from './conflicts';
import { copy } from './copy';
import { Thread } from './Thread';
import { useConversation } from './useConversation';
import { useConversationCommands } from './useConversationCommands';
import { useSeek } from './useSeek';

/** How long a conversation has to be looked at before it counts as read: passing through with J and K is not reading. */
export const DWELL_MS = 600;

/** The conversation that is selected, or what to do without one. */
export function ConversationPane() {
  const t = useText();
  const selectedId = useUi((state) => state.selectedId);
  const left = useUi((state) => state.left);
  return (
    <section className={styles.pane} aria-label={t('pane-conversation')} data-pane="conversation">
      {left ? (
        <Left left={left} />
      ) : selectedId === null ? (
        <NothingSelected />
      ) : (
        <OpenConversation key={selectedId} id={selectedId} />
      )}
    </section>
  );
}

function OpenConversation({ id }: { id: ConversationId }) {
  const t = useText();
  const { data: view, error, refetch, ...thread } = useConversation(id);
  if (view) return <Loaded id={id} view={view} thread={thread} />;
  if (!error) return <div className={styles.middle} aria-busy="true" />;
  return (
    <div className={styles.middle} role="alert">
      <p>{errorText(t, error)}</p>
      <Button onPress={() => void refetch()}>{t('try-again')}</Button>
    </div>
  );
}

interface LoadedProps {
  id: ConversationId;
  view: ConversationView;
  thread: Pick<
    ReturnType<typeof useConversation>,
    'loadOlder' | 'loadNewer' | 'readBackTo' | 'lookAt' | 'letGo'
  >;
}

function Loaded({ id, view, thread }: LoadedProps) {
  const t = useText();
  const contactName = view.contact?.name ?? view.contact?.email ?? t('contact-unnamed');
  const [atEnd, setAtEnd] = useState(true);
  const { account, connection } = useReadyState();
  const { clock_ahead_s } = connection;
  const nowUs = useNow() * 1_000;
  const me = account?.teammate_id ?? null;
  const conflicts = useMemo(
    () => conflictsOf(view, clock_ahead_s, me, nowUs),
    [view, clock_ahead_s, me, nowUs],
  );
  useConversationCommands(view, conflicts);
  useReading(id, view, atEnd);
  const { loadOlder, loadNewer, readBackTo, lookAt, letGo } = thread;
  const seek = useSeek(readBackTo);
  useEffect(() => {
    if (atEnd) letGo();
  }, [atEnd, letGo]);
  useEffect(() => () => letGo(), [letGo]);
  return (
    <>
      <ConversationHeader view={view} contactName={contactName} />
      <Thread
        view={view}
        conflicts={conflicts}
        contactName={contactName}
        onOlder={loadOlder}
        onNewer={loadNewer}
        onSeek={seek}
        onLook={lookAt}
        onEnd={setAtEnd}
      />
      <Composer conversationId={id} view={view} contactName={contactName} />
    </>
  );
}

/** Moves the read mark once what is new has been in sight for a moment in a focused window. */
function useReading(id: ConversationId, view: ConversationView, atEnd: boolean) {
  const host = useHost();
  const keptUnread = useUi((state) => state.keptUnreadId === id);
  const { unread } = view;
  const read = view.head.contact_part_count;
  const marked = useRef(-1);
  useEffect(() => {
    if (unread === 0 || !atEnd || keptUnread || marked.current === read) return;
    const mark = () => {
      if (!document.hasFocus()) return;
      marked.current = read;
      const action = { type: 'conversation_mark', contact_parts_read: read } as const;
      // A mark that could not be stored is set by the next look; nobody waits for it.
      host.invoke('command_submit', { conversation_id: id, action }).catch(() => {
        marked.current = -1;
      });
    };
    const timer = setTimeout(mark, DWELL_MS);
    window.addEventListener('focus', mark);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('focus', mark);
    };
  }, [host, id, unread, read, atEnd, keptUnread]);
}

function NothingSelected() {
  const t = useText();
  const next = useKeys('list.next')[0];
  const palette = useKeys('palette.open')[0];
  const { connection } = useReadyState();
  return (
    <div className={styles.middle}>
      <p className={styles.middleTitle}>
        {t(
          connection.bootstrap && !connection.bootstrap.heads_complete ? 'empty-loading' : 'nothing-selected',
        )}
      </p>
      {next ? (
        <p className={styles.lesson}>
          <KeyCaps sequence={next} /> {t('lesson-next')}
        </p>
      ) : null}
      {palette ? (
        <p className={styles.lesson}>
          <KeyCaps sequence={palette} /> {t('lesson-palette')}
        </p>
      ) : null}
    </div>
  );
}

/** A conversation that the agent may not see any more. What was being written is offered for copying. */
function Left({ left }: { left: LeftConversation }) {
  const t = useText();
  const written = [left.reply, left.note].filter((text) => text.trim() !== '').join('\n\n');
  return (
    <div className={styles.middle} role="status" data-testid="conversation-left">
      <p className={styles.middleTitle}>
        {left.name ? t('left-title', { name: left.name }) : t('left-title-unnamed')}
      </p>
      <p>{t(written === '' ? 'left-lead' : 'left-lead-written')}</p>
      {written === '' ? null : (
        <>
          <p className={styles.kept} dir="auto">
            {written}
          </p>
          <Button kind="primary" onPress={() => void copy(t, written)} testId="left-copy">
            {t('left-copy')}
          </Button>
        </>
      )}
      <Button kind="link" onPress={() => ui.select(null)}>
        {t('back-to-list')}
      </Button>
    </div>
  );
}
