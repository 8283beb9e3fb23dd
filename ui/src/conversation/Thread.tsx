import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { ConversationView, PartId, PartView } from '../bindings/protocol';
import { useCommand } from '../commands/Commands';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { dayLabel } from '../i18n/time';
import type { Conflicts } from './conflicts';
import { EventLine } from './EventLine';
import { Message } from './Message';
import messageStyles from './Message.module.css';
import { changedAbove, isSent, partKey, type ThreadItem, threadItems } from './parts';
import styles from './Thread.module.css';

interface ThreadProps {
  view: ConversationView;
  conflicts: Conflicts;
  contactName: string;
  onOlder: () => void;
  /** Asked for what comes after that which was read back to. */
  onNewer: () => void;
  /** Asked for a part that was searched for and is not among those that are shown. */
  onSeek: (wanted: PartId) => void;
  /** Told which parts are in sight. */
  onLook: (from: PartId, to: PartId) => void;
  /** Told when the newest part is in sight. */
  onEnd: (atEnd: boolean) => void;
}

/** This close to the end counts as the end. */
const END_PX = 32;

/** This many lines before the gap what is missing there is asked for. */
const NEAR_GAP = 25;

/** No browser's smooth scrolling goes on for longer than this. */
const SMOOTH_SCROLL_MS = 700;

/** The messages of a conversation, newest at the bottom. What is read does not move when something arrives. */
export function Thread(props: ThreadProps) {
  const { view, conflicts, contactName, onOlder, onNewer, onSeek, onLook, onEnd } = props;
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { connection } = useReadyState();
  const offline = connection.state === 'offline';
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const atEnd = useRef(true);
  const [arrived, setArrived] = useState(0);

  // Parts put before the first one, or taken away there, must not move the rest.
  const firstKey = view.parts[0] && partKey(view.parts[0]);
  const lastEntry = view.parts.at(-1);
  const lastKey = lastEntry ? (lastEntry.part.command_id ?? lastEntry.part.id) : null;
  const [shownKey, setShownKey] = useState(firstKey);
  const changesAbove = shownKey !== firstKey;
  // What changed elsewhere as well is drawn right after that: it would be taken for a change above.
  const drawn = useRef<readonly PartView[]>(view.parts);
  const parts = useMemo(
    () => (changesAbove ? changedAbove(drawn.current, view.parts) : view.parts),
    [changesAbove, view.parts],
  );
  const items = useMemo(() => threadItems(parts), [parts]);
  useLayoutEffect(() => {
    drawn.current = parts;
    setShownKey(firstKey);
  }, [parts, firstKey]);

  /** While pinned, the end stays in sight whatever grows: messages are measured only once they are shown. */
  const pinned = useRef(true);
  const targetId = useUi((state) => state.targetPartId);
  const [foundId, setFoundId] = useState<string | null>(null);
  /** What was found, until it is in sight or the agent goes elsewhere. */
  const sought = useRef<string | null>(null);
  const gapIndex = items.findIndex(({ type }) => type === 'gap');
  const seeks = useRef<string | null>(null);
  // A search result is brought into sight, once it is there.
  useEffect(() => {
    if (changesAbove) return;
    const begins = seeks.current !== targetId;
    seeks.current = targetId;
    if (targetId === null) return;
    const index = items.findIndex((item) => partIdOf(item) === targetId);
    if (index < 0) {
      if (begins) onSeek(targetId);
      return;
    }
    pinned.current = false;
    list.current?.scrollToIndex(index, { align: 'center' });
    setFoundId(targetId);
    sought.current = targetId;
    ui.clearTarget();
  }, [items, targetId, changesAbove, onSeek]);

  /** Tells what is in sight, so that what is far from it can go, and asks for what is missing near it. */
  const look = useCallback(() => {
    const handle = list.current;
    const element = scroller.current;
    if (!handle || !element) return;
    // Asked of the element: when something went above, the list hears where it stands only with the next frame, and
    // would name parts far below, the newest ones even.
    const from = handle.findItemIndex(element.scrollTop);
    const to = handle.findItemIndex(element.scrollTop + element.clientHeight);
    if (gapIndex >= 0 && from < gapIndex && to >= gapIndex - NEAR_GAP) onNewer();
    let [above, below] = [from, to];
    const wanted = items.findIndex((item) => sought.current !== null && partIdOf(item) === sought.current);
    if (wanted < 0 || (from <= wanted && wanted <= to)) sought.current = null;
    else [above, below] = [wanted, wanted];
    const first = firstPart(items.slice(above));
    if (first !== null) onLook(first, firstPart(items.slice(0, below + 1).reverse()) ?? first);
  }, [items, gapIndex, onNewer, onLook]);
  // After what was put above has found its place.
  useEffect(() => {
    if (!changesAbove) look();
  }, [changesAbove, look]);

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

  const known = useRef<{ seq: number; lastKey: string | null } | null>(null);
  const newest = view.parts.findLast(isSent);
  const newestSeq = newest?.part.seq ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what came last is news
  useLayoutEffect(() => {
    const before = known.current;
    known.current = { seq: Math.max(newestSeq, before?.seq ?? 0), lastKey };
    // What waits stands after it, and what goes from there makes nothing new of what stood before.
    const isNews = before !== null && newestSeq > before.seq && newest?.mine === false;
    const isOwn = lastEntry?.mine === true && before?.lastKey !== lastKey;
    if (before === null || pinned.current || isOwn) toEnd();
    else if (isNews) setArrived((count) => count + 1);
    if (isNews && newest?.part.author.type === 'contact') {
      ui.announce(t('announce-message', { name: contactName }));
    }
  }, [lastKey, newestSeq]);

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
    look();
  };

  // What the agent does to scroll is the agent's wish again.
  useEffect(() => {
    const element = scroller.current;
    const wish = () => {
      broughtAt.current = null;
      sought.current = null;
      ui.clearTarget();
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
          <Virtualizer ref={list} scrollRef={scroller} shift={changesAbove} onScroll={onScroll}>
            {items.map((item) => (
              <div key={item.key} data-found={(foundId !== null && partIdOf(item) === foundId) || undefined}>
                {item.type === 'day' ? (
                  <h2 className={messageStyles.day}>{dayLabel(t, locale, item.at, nowMs)}</h2>
                ) : item.type === 'gap' ? (
                  <p className={styles.older}>{t(offline ? 'thread-gap-offline' : 'thread-gap')}</p>
                ) : item.type === 'event' ? (
                  <EventLine
                    entry={item.entry}
                    conflict={conflicts.lines.get(item.entry.part.id)}
                    redoable={item.entry.part.id === conflicts.redoId}
                  />
                ) : (
                  <Message
                    entry={item.entry}
                    last={item.last}
                    contactName={contactName}
                    conflict={conflicts.lines.get(item.entry.part.id)}
                    redoable={item.entry.part.id === conflicts.redoId}
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

const partIdOf = (item: ThreadItem) => ('entry' in item ? item.entry.part.id : null);

const firstPart = (items: readonly ThreadItem[]) => items.map(partIdOf).find((id) => id !== null) ?? null;
