import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp, ChevronDown } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { errorText } from '../app/errors';
import { useReadyState, useSaveSettings, useSidebar } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { InboxRow, Sort, View } from '../bindings/protocol';
import { useCommand, useRunCommand } from '../commands/Commands';
import { useOpenedConversation } from '../conversation/useConversation';
import { Button } from '../design/Button';
import menuStyles from '../design/Menu.module.css';
import { useLocalization, useText } from '../i18n/text';
import styles from './ConversationList.module.css';
import { ConversationRow } from './ConversationRow';
import { EmptyList } from './EmptyList';
import { type Changed, chooseAnchor, neighbour, scrollTopFor } from './listPlace';
import { useInboxList } from './useInboxList';
import { countOf, viewKey, viewTitle } from './views';

const ROW_HEIGHT = { comfortable: 70, compact: 44 };
const rowId = (conversationId: string) => `row-${conversationId}`;

/** Whether the row still belongs to its view; the selected one stays until the agent moves on. */
function settled(row: InboxRow, view: View, ownId: string | null | undefined): boolean {
  const { head } = row;
  if (view.type === 'closed') return head.state !== 'closed';
  if (view.type === 'snoozed') return head.state !== 'snoozed';
  if (head.state !== 'open') return true;
  if (view.type === 'mine') return head.admin_assignee_id !== ownId;
  if (view.type === 'unassigned') return head.admin_assignee_id !== null;
  return view.type === 'team' && head.team_assignee_id !== view.team_id;
}

/** The list of a view: virtual, kept in step, with a place that does not move under the agent. */
export function ConversationList() {
  const { t, locale } = useLocalization();
  const view = useUi((state) => state.view);
  // What left the agent's view is gone from the list at once.
  const selectedId = useUi((state) => (state.left ? null : state.selectedId));
  const state = useReadyState();
  const saveSettings = useSaveSettings();
  const runCommand = useRunCommand();
  const { settings, account } = state;
  const compact = settings.density === 'compact';
  const rowHeight = ROW_HEIGHT[settings.density];
  const sort: Sort =
    settings.layout.sort_newest === 1 || view.type === 'closed' || view.type === 'snoozed'
      ? 'newest'
      : 'longest_waiting';
  const list = useInboxList(view, sort, selectedId);
  const { above, hasMore, loadMore, reach, changed } = list;
  const rows = useFreshSelection(list.rows, selectedId);
  const { data: sidebar } = useSidebar();
  const entry = sidebar ? countOf(sidebar.views, view) : undefined;
  const total = entry?.count ?? (hasMore ? -1 : above + rows.length);

  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: above + rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index - above]?.head.id ?? index,
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: every row is as high as the density says
  useLayoutEffect(() => virtualizer.measure(), [rowHeight]);

  const news = usePlace(scroller, rows, above, rowHeight, selectedId, changed, viewKey(view) + sort);

  useNewsAnnouncement(rows, selectedId, changed, viewKey(view) + sort);

  const items = virtualizer.getVirtualItems();
  const firstShown = items[0]?.index ?? 0;
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastShown >= above + rows.length - 30) loadMore();
  }, [hasMore, lastShown, above, rows.length, loadMore]);
  useEffect(() => {
    if (firstShown < above + 30) reach(firstShown);
  }, [firstShown, above, reach]);

  // Its place in the whole list.
  const lastIndex = useRef(0);
  const index = rows.findIndex((row) => row.head.id === selectedId);
  useEffect(() => {
    if (index >= 0) lastIndex.current = above + index;
  }, [above, index]);

  const move = (step: 1 | -1) => {
    const isHeld = lastIndex.current >= above && lastIndex.current <= above + rows.length;
    // Whoever has scrolled far away from the selected row goes on from what is in sight.
    const last = isHeld ? lastIndex.current : Math.ceil((scroller.current?.scrollTop ?? 0) / rowHeight);
    const next = neighbour(rows, selectedId, last - above, step);
    if (!next) return;
    ui.select(next.head.id);
    const place = above + rows.indexOf(next);
    virtualizer.scrollToIndex(place, { align: 'auto' });
  };
  const focusList = () => scroller.current?.focus();
  useCommand('list.next', () => move(1));
  useCommand('list.previous', () => move(-1));
  useCommand('list.focus', focusList);
  useCommand('list.sort', () => saveSort(sort === 'newest' ? 'longest_waiting' : 'newest'));
  useCommand('list.density', () => saveSettings({ density: compact ? 'comfortable' : 'compact' }));

  const saveSort = (wanted: Sort) =>
    saveSettings({ layout: { ...settings.layout, sort_newest: wanted === 'newest' ? 1 : 0 } });
  const select = useCallback((id: string) => ui.select(id), []);
  const open = useCallback(() => runCommand('conversation.reply'), [runCommand]);

  const title = viewTitle(t, view, entry?.team_name);
  const fixedSort = view.type === 'closed' || view.type === 'snoozed';
  return (
    <section className={styles.pane} aria-label={t('pane-list')} data-pane="list">
      <header className={styles.header}>
        <h1 className={styles.title}>
          <bdi>{title}</bdi>
        </h1>
        {entry?.count != null ? (
          <span className={styles.count}>{entry.count.toLocaleString(locale)}</span>
        ) : null}
        <span className={styles.gap} />
        {fixedSort ? null : <SortMenu sort={sort} onSort={saveSort} />}
      </header>
      <div className={styles.body}>
        {news > 0 ? (
          <div className={styles.news}>
            <Button kind="primary" onPress={() => scroller.current?.scrollTo({ top: 0 })}>
              <ArrowUp size={13} strokeWidth={2} aria-hidden="true" />
              {t('list-news', { count: news })}
            </Button>
          </div>
        ) : null}
        <div
          ref={scroller}
          className={styles.scroller}
          role="listbox"
          tabIndex={0}
          aria-label={t('list-label', { view: title })}
          aria-activedescendant={index >= 0 ? rowId(rows[index]?.head.id ?? '') : undefined}
          data-testid="conversation-list"
          data-pane-focus
        >
          <div className={styles.canvas} style={{ height: virtualizer.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index - above];
              if (!row) return null;
              return (
                <div
                  key={item.key}
                  className={styles.slot}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <ConversationRow
                    row={row}
                    compact={compact}
                    selected={row.head.id === selectedId}
                    settled={settled(row, view, account?.teammate_id)}
                    index={item.index}
                    total={total}
                    id={rowId(row.head.id)}
                    onSelect={select}
                    onOpen={open}
                  />
                </div>
              );
            })}
          </div>
        </div>
        {list.status === 'failed' && rows.length === 0 ? (
          <div className={styles.message} role="alert">
            <p>{errorText(t, list.error)}</p>
            <Button onPress={list.reload}>{t('try-again')}</Button>
          </div>
        ) : null}
        {list.status === 'ready' && rows.length === 0 ? (
          <EmptyList view={view} connection={state.connection} partial={list.partial} />
        ) : null}
      </div>
      {list.partial && rows.length > 0 && state.connection.state === 'offline' ? (
        <p className={styles.partial}>{t('list-partial')}</p>
      ) : null}
    </section>
  );
}

function SortMenu({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const t = useText();
  return (
    <MenuTrigger>
      <Button kind="quiet">
        {t(sort === 'newest' ? 'sort-newest' : 'sort-longest-waiting')}
        <ChevronDown size={13} strokeWidth={1.75} aria-hidden="true" />
      </Button>
      <Popover className={menuStyles.popover ?? ''} placement="bottom end" offset={4}>
        <Menu
          className={menuStyles.menu ?? ''}
          aria-label={t('sort-label')}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[sort]}
          onAction={(key) => onSort(key as Sort)}
        >
          <MenuItem id="longest_waiting" className={menuStyles.item ?? ''}>
            {t('sort-longest-waiting')}
          </MenuItem>
          <MenuItem id="newest" className={menuStyles.item ?? ''}>
            {t('sort-newest')}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** What arrives within this time is told in one sentence. */
const TELL_MS = 1_500;

/** Tells screen readers how many conversations have something new, without names or words. */
function useNewsAnnouncement(
  rows: readonly InboxRow[],
  selectedId: string | null,
  changed: Changed,
  listKey: string,
) {
  const t = useText();
  const before = useRef<{ listKey: string; unread: ReadonlyMap<string, number> }>({
    listKey,
    unread: new Map(),
  });
  const news = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const { listKey: oldKey, unread } = before.current;
    before.current = { listKey, unread: new Map(rows.map((row) => [row.head.id, row.unread])) };
    if (oldKey !== listKey || unread.size === 0) return;
    for (const { head, unread: now } of rows) {
      // A row that was only scrolled to is no news.
      const isNew = changed === 'all' ? unread.has(head.id) : changed.has(head.id);
      if (isNew && head.id !== selectedId && now > (unread.get(head.id) ?? 0)) news.current.add(head.id);
    }
    if (news.current.size === 0) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      ui.announce(t('announce-news', { count: news.current.size }));
      news.current.clear();
    }, TELL_MS);
  }, [rows, selectedId, changed, listKey, t]);
  useEffect(() => () => clearTimeout(timer.current), []);
}

/** The selected row as it stands: after it left the view, only the open conversation knows. */
function useFreshSelection(rows: readonly InboxRow[], selectedId: string | null): readonly InboxRow[] {
  const head = useOpenedConversation(selectedId)?.head;
  return useMemo(() => {
    const index = head ? rows.findIndex((row) => row.head.id === head.id) : -1;
    const row = rows[index];
    if (!row || !head || row.head.state === head.state) return rows;
    return rows.with(index, { ...row, head });
  }, [rows, head]);
}

/** Keeps what is looked at where it is while the list changes, and counts what arrived above it. */
function usePlace(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: readonly InboxRow[],
  above: number,
  rowHeight: number,
  selectedId: string | null,
  changed: Changed,
  listKey: string,
): number {
  const before = useRef<{ rows: readonly InboxRow[]; above: number; scrollTop: number; listKey: string }>({
    rows: [],
    above: 0,
    scrollTop: 0,
    listKey,
  });
  const [news, setNews] = useState(0);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => {
      before.current.scrollTop = element.scrollTop;
      if (element.scrollTop < rowHeight / 2) setNews(0);
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, [scroller, rowHeight]);

  useLayoutEffect(() => {
    const element = scroller.current;
    const { rows: old, above: oldAbove, scrollTop, listKey: oldKey } = before.current;
    before.current.rows = rows;
    before.current.above = above;
    if (!element) return;
    if (oldKey !== listKey) {
      before.current = { rows, above, scrollTop: 0, listKey };
      element.scrollTop = 0;
      setNews(0);
      return;
    }
    if (old === rows || old.length === 0) return;
    // Both are measured from the first row that is held.
    const from = scrollTop - oldAbove * rowHeight;
    const anchor = chooseAnchor(old, rowHeight, from, element.clientHeight, selectedId, changed);
    const found = anchor ? scrollTopFor(rows, rowHeight, anchor) : null;
    const target = found === null ? null : found + above * rowHeight;
    if (target !== null && target !== scrollTop) {
      element.scrollTop = target;
      before.current.scrollTop = target;
    }
    const top = Math.max(0, Math.floor((target ?? scrollTop) / rowHeight) - above);
    const known = new Set(old.map((row) => row.head.id));
    const isNews = (row: InboxRow) =>
      row.unread > 0 && !known.has(row.head.id) && (changed === 'all' || changed.has(row.head.id));
    const arrived = rows.slice(0, top).filter(isNews).length;
    if (arrived > 0) setNews((count) => count + arrived);
  }, [scroller, rows, above, rowHeight, selectedId, changed, listKey]);

  return news;
}
