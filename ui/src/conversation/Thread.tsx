import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { ConversationView, PartView } from '../bindings/protocol';
import { useCommand } from '../commands/Commands';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { dayLabel } from '../i18n/time';
import { EventLine } from './EventLine';
import { Message } from './Message';
import messageStyles from './Message.module.css';
import { deedOf, meanwhileOf, redoOf } from './meanwhile';
import { newestRefused, type ThreadItem, threadItems } from './parts';
import styles from './Thread.module.css';

interface ThreadProps {
  view: ConversationView;
  contactName: string;
  onOlder: () => void;
  /** Told when the newest part is in sight. */
  onEnd: (atEnd: boolean) => void;
}

/** This close to the end counts as the end. */
const END_PX = 32;

/** No browser's smooth scrolling goes on for longer than this. */
const SMOOTH_SCROLL_MS = 700;

/** The messages of a conversation, newest at the bottom. What is read does not move when something arrives. */
export function Thread({ view, contactName, onOlder, onEnd }: ThreadProps) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { account, connection } = useReadyState();
  const offline = connection.state === 'offline';
  const { clock_ahead_s } = connection;
  const me = account?.teammate_id ?? null;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const items = useMemo(() => threadItems(view.parts), [view.parts]);
  const meanwhile = useMemo(() => meanwhileOf(view.parts, clock_ahead_s), [view.parts, clock_ahead_s]);
  const newestAway = [...meanwhile.values()].at(-1);
  const refusedId = newestRefused(view.parts)?.part.id;
  const atEnd = useRef(true);
  const [arrived, setArrived] = useState(0);

  // Parts put before the first one must not push the rest down.
  const firstKey = items.find((item) => item.type !== 'day')?.key;
  const lastEntry = view.parts.at(-1);
  const lastKey = lastEntry ? (lastEntry.part.command_id ?? lastEntry.part.id) : null;
  const [shown, setShown] = useState({ firstKey, count: items.length });
  const prepending = shown.firstKey !== firstKey && items.length > shown.count;
  useEffect(() => setShown({ firstKey, count: items.length }), [firstKey, items.length]);

  /** While pinned, the end stays in sight whatever grows: messages are measured only once they are shown. */
  const pinned = useRef(true);
  const targetId = useUi((state) => state.targetPartId);
  const [foundId, setFoundId] = useState<string | null>(null);
  // A search result is brought into sight; what was not loaded yet is, page by page.
  useEffect(() => {
    if (targetId === null) return;
    const index = items.findIndex((item) => partIdOf(item) === targetId);
    if (index < 0) {
      if (view.has_older) onOlder();
      else ui.clearTarget();
      return;
    }
    pinned.current = false;
    list.current?.scrollToIndex(index, { align: 'center' });
    setFoundId(targetId);
    ui.clearTarget();
  }, [items, targetId, view.has_older, onOlder]);

  const seen = useRef({ offset: 0, height: 0 });
  /** When the end was last brought into sight, until the agent scrolls again. */
  const broughtAt = useRef<number | null>(null);
  const holdEnd = useCallback(() => {
    const element = scroller.current;
    if (pinned.current && element) element.scrollTop = element.scrollHeight;
  }, []);
  const toEnd = () => {
    pinned.current = true;
    broughtAt.current = performance.now();
    setArrived(0);
    list.current?.scrollToIndex(items.length - 1, { align: 'end' });
    holdEnd();
  };

  const known = useRef<string | null>(null);
  const lastMine = lastEntry?.mine ?? false;
  const lastIsCustomer = lastEntry?.part.author.type === 'contact';
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new last part is news
  useLayoutEffect(() => {
    const first = known.current === null;
    known.current = lastKey;
    if (first || pinned.current || lastMine) toEnd();
    else if (lastKey !== null) setArrived((count) => count + 1);
    if (!first && lastIsCustomer) ui.announce(t('announce-message', { name: contactName }));
  }, [lastKey]);

  // A smaller window, a composer that grew and messages that turn out higher keep the end in sight.
  useEffect(() => {
    const element = scroller.current;
    const content = element?.querySelector('[data-thread-content]');
    if (!element || !content) return;
    const observer = new ResizeObserver(holdEnd);
    observer.observe(element);
    observer.observe(content);
    return () => observer.disconnect();
  }, [holdEnd]);

  const onScroll = (offset: number) => {
    const element = scroller.current;
    if (!element) return;
    const { scrollHeight, clientHeight } = element;
    const end = offset + clientHeight >= scrollHeight - END_PX;
    // A change of height is the layout's doing; only the same height seen from further up is the agent's.
    // A smooth scroll begun before goes on all the same, and would carry away what was brought into sight.
    const dragged = broughtAt.current !== null && performance.now() - broughtAt.current < SMOOTH_SCROLL_MS;
    if (end) pinned.current = true;
    else if (dragged && pinned.current) holdEnd();
    else if (scrollHeight === seen.current.height && offset < seen.current.offset) pinned.current = false;
    seen.current = { offset, height: scrollHeight };
    if (end !== atEnd.current) {
      atEnd.current = end;
      onEnd(end);
      if (end) setArrived(0);
    }
    if (offset < 600 && view.has_older && !pinned.current) onOlder();
  };

  // What the agent does to scroll is the agent's wish again.
  useEffect(() => {
    const element = scroller.current;
    const wish = () => {
      broughtAt.current = null;
    };
    const ways = ['wheel', 'touchmove', 'pointerdown', 'keydown'];
    for (const way of ways) element?.addEventListener(way, wish, { passive: true });
    return () => {
      for (const way of ways) element?.removeEventListener(way, wish);
    };
  }, []);

  // A first page shorter than the window would never be scrolled.
  useEffect(() => {
    const element = scroller.current;
    if (view.has_older && element && element.scrollHeight <= element.clientHeight + 1) onOlder();
  }, [view.has_older, onOlder]);

  const redo = (deed: PartView | undefined) =>
    deed && deed === newestAway ? redoOf(deedOf(deed.part), view.head, me) : null;

  useCommand('conversation.focus', () => scroller.current?.focus());

  return (
    <div className={styles.holder}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        aria-label={t('thread-label', { name: contactName })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable by keyboard
        tabIndex={0}
        data-testid="thread"
        data-pane-focus
      >
        <div className={styles.spacer} />
        {view.has_older ? (
          <p className={styles.older}>
            {t(view.partial && offline ? 'thread-older-offline' : 'thread-older')}
          </p>
        ) : view.partial && offline ? (
          <p className={styles.older}>{t('thread-partial')}</p>
        ) : null}
        <div data-thread-content>
          <Virtualizer ref={list} scrollRef={scroller} shift={prepending} onScroll={onScroll}>
            {items.map((item) => (
              <div key={item.key} data-found={(foundId !== null && partIdOf(item) === foundId) || undefined}>
                {item.type === 'day' ? (
                  <h2 className={messageStyles.day}>{dayLabel(t, locale, item.at, nowMs)}</h2>
                ) : item.type === 'event' ? (
                  <EventLine entry={item.entry} />
                ) : (
                  <Message
                    entry={item.entry}
                    last={item.last}
                    contactName={contactName}
                    meanwhile={meanwhile.get(item.entry.part.id)}
                    redo={redo(meanwhile.get(item.entry.part.id))}
                    newestRefused={item.entry.part.id === refusedId}
                  />
                )}
              </div>
            ))}
          </Virtualizer>
        </div>
        <div className={styles.end} />
      </div>
      {arrived > 0 ? (
        <div className={styles.news}>
          <Button kind="primary" onPress={toEnd}>
            <ArrowDown size={13} strokeWidth={2} aria-hidden="true" />
            {t('thread-news', { count: arrived })}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

const partIdOf = (item: ThreadItem) => (item.type === 'day' ? null : item.entry.part.id);
