import { useVirtualizer } from '@tanstack/react-virtual';
import { CheckCheck } from 'lucide-react';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import { useCommand } from '../commands/Commands';
import { useOutboxActions } from '../conversation/useOutboxActions';
import { CommandButton } from '../design/Button';
import { type TextId, textIds, useText } from '../i18n/text';
import { DraftItem } from './DraftItem';
import { type Counts, placeOf, type Section } from './listed';
import { OutboxItem } from './OutboxItem';
import styles from './OutboxPage.module.css';
import { useKeptFocus } from './useKeptFocus';
import { type Item, useListed } from './useListed';

const HEADINGS: Record<Section, TextId> = textIds({
  refused: 'outbox-refused',
  waiting: 'outbox-waiting',
  drafts: 'outbox-drafts',
});

/** How high an entry and a heading are before they were measured. */
const ENTRY_HEIGHT = 88;
const HEADING_HEIGHT = 48;

const NOTHING: Counts = { refused: 0, waiting: 0, drafts: 0 };

const keyOf = (item: Item) =>
  item.type === 'entry' ? item.entry.command_id : item.kept.draft.conversation_id + item.kept.draft.kind;

/** Everything that waits or was refused, and the drafts. */
export function OutboxPage() {
  const t = useText();
  const { connection } = useReadyState();
  const page = useRef<HTMLElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [shown, setShown] = useState({ first: 0, last: 0 });
  const listed = useListed(shown.first, shown.last);
  const counts = listed.counts ?? NOTHING;
  const total = counts.refused + counts.waiting + counts.drafts;

  // The list begins below the page's own header, which is as high as its words and its buttons.
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => setMargin(list.current?.offsetTop ?? 0));

  const keyAt = useKeys(counts, listed.itemAt);
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => page.current,
    estimateSize: (index) => ENTRY_HEIGHT + (placeOf(index, counts).first ? HEADING_HEIGHT : 0),
    getItemKey: keyAt,
    scrollMargin: margin,
    overscan: 6,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => setShown({ first, last }), [first, last]);

  useHeldPlace(page, items, (index) => virtualizer.measurementsCache[index]?.start);
  const keptFocus = useKeptFocus(page, items);
  useOutboxKeys(page, counts.refused);

  const askedForDrafts = useUi((state) => state.outboxPart === 'drafts');
  const draftsAt = askedForDrafts && counts.drafts > 0 ? total - counts.drafts : null;
  const brought = useRef(false);
  useEffect(() => {
    if (draftsAt !== null && !brought.current) virtualizer.scrollToIndex(draftsAt, { align: 'start' });
  }, [draftsAt, virtualizer]);
  const draftIsShown =
    draftsAt !== null && first <= draftsAt && draftsAt <= last && listed.itemAt(draftsAt) !== null;
  useEffect(() => {
    if (!draftIsShown || brought.current) return;
    brought.current = true;
    list.current?.querySelector<HTMLElement>('[data-testid="kept-draft"] [data-outbox-title]')?.focus();
  }, [draftIsShown]);

  // Whoever comes by a key goes on by keys.
  useEffect(() => {
    if (!page.current?.contains(document.activeElement)) page.current?.focus();
  }, []);

  return (
    <section
      ref={page}
      {...keptFocus}
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
          {counts.refused > 1 ? (
            <CommandButton command="outbox.retryAll" testId="outbox-retry-all">
              {t('command-outbox-retry-all')}
            </CommandButton>
          ) : null}
        </div>
      </header>
      {listed.counts && counts.refused + counts.waiting === 0 ? (
        <p className={styles.empty}>
          <CheckCheck size={18} strokeWidth={1.75} aria-hidden="true" />
          {t('outbox-empty')}
        </p>
      ) : null}
      {total === 0 ? null : (
        <ul ref={list} className={styles.canvas} style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const place = placeOf(item.index, counts);
            const found = listed.itemAt(item.index);
            return (
              <li
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                className={styles.slot}
                style={{ transform: `translateY(${item.start - margin}px)` }}
                aria-setsize={total}
                aria-posinset={item.index + 1}
              >
                {place.first ? (
                  <h2 className={styles.heading}>
                    {t(HEADINGS[place.section])} <span className="numbers">{counts[place.section]}</span>
                  </h2>
                ) : null}
                <div
                  className={styles.box}
                  data-first={place.first || undefined}
                  data-last={place.last || undefined}
                >
                  {found === null ? (
                    <div style={{ height: ENTRY_HEIGHT }} />
                  ) : found.type === 'entry' ? (
                    <OutboxItem entry={found.entry} />
                  ) : (
                    <DraftItem kept={found.kept} />
                  )}
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

/** What is at each place, also while it is not held: how high it was is remembered by that. */
function useKeys(counts: Counts, itemAt: (index: number) => Item | null) {
  const known = useRef({ counts: '', keys: new Map<number, string>() });
  const now = Object.values(counts).join('/');
  if (known.current.counts !== now) known.current = { counts: now, keys: new Map() };
  const { keys } = known.current;
  return (index: number) => {
    const item = itemAt(index);
    if (item) keys.set(index, keyOf(item));
    return keys.get(index) ?? index;
  };
}

/** Keeps what is looked at where it is while what stands above it goes out. */
function useHeldPlace(
  page: RefObject<HTMLElement | null>,
  items: readonly { key: React.Key; index: number; start: number; end: number }[],
  startOf: (index: number) => number | undefined,
) {
  const looked = useRef<{ key: React.Key; index: number; below: number } | null>(null);
  useLayoutEffect(() => {
    const element = page.current;
    if (!element) return;
    const before = looked.current;
    const moved = before && items.find(({ key }) => key === before.key);
    if (before && moved && moved.index !== before.index && element.scrollTop > 0) {
      element.scrollTop = (startOf(moved.index) ?? moved.start) - before.below;
    }
    const { scrollTop } = element;
    const top = items.find(({ end }) => end > scrollTop);
    looked.current = top ? { key: top.key, index: top.index, below: top.start - scrollTop } : null;
  });
}

/** J and K walk through the entries, and the key for doing again is about the one with the focus, or the first. */
function useOutboxKeys(page: RefObject<HTMLElement | null>, refused: number) {
  const t = useText();
  const host = useHost();
  const { retry } = useOutboxActions();
  const titles = () => [...(page.current?.querySelectorAll<HTMLElement>('[data-outbox-title]') ?? [])];
  const move = (by: number) => {
    const all = titles();
    const index = all.findIndex((title) => title.closest('li')?.contains(document.activeElement));
    (all[index + by] ?? (index < 0 ? all[0] : undefined))?.focus();
  };
  const redo = async () => {
    const focused =
      document.activeElement?.closest<HTMLElement>('[data-delivery="refused"]')?.dataset.commandId;
    // The first may be far from what is shown.
    const { entries } = focused ? { entries: [] } : await host.invoke('outbox', { skip: 0, limit: 1 });
    const command_id = focused ?? entries[0]?.command_id;
    if (command_id) retry.mutate({ command_id });
  };
  const fail = (error: unknown) => ui.toast(errorText(t, error), { tone: 'failed' });
  useCommand('list.next', () => move(1));
  useCommand('list.previous', () => move(-1));
  useCommand('action.redo', refused === 0 ? null : () => void redo().catch(fail));
}
