import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useConversationChanges } from '../app/events';
import { useHost } from '../app/host';
import type { ConversationId, InboxPage, InboxRow, ListKey, Sort, View } from '../bindings/protocol';
import { type Changed, holdPlace } from './listPlace';
import {
  beginning,
  extended,
  type ListWindow,
  MOST_ROWS,
  movedUp,
  type Page,
  rowsAbove,
  TOP,
} from './listWindow';

const FIRST_PAGE = 60;
const PAGE = 200;

export interface InboxList {
  /** The rows that are held. */
  rows: readonly InboxRow[];
  /** How many rows lie above them. */
  above: number;
  /** Whether there are more below them. */
  hasMore: boolean;
  partial: boolean;
  status: 'loading' | 'ready' | 'failed';
  error: unknown;
  /** What the newest reading changed. */
  changed: Changed;
  loadMore: () => void;
  /** Sees to it that the row of this place in the whole list is held. */
  reach: (index: number) => void;
  reload: () => void;
}

interface Loaded {
  key: string;
  window: ListWindow;
  /** The rows in the list's own order, without the held row's exception. */
  fresh: readonly InboxRow[];
  shown: readonly InboxRow[];
  next: ListKey | null;
  partial: boolean;
  status: InboxList['status'];
  error: unknown;
  changed: Changed;
}

const empty = (key: string): Loaded => ({
  key,
  window: TOP,
  fresh: [],
  shown: [],
  next: null,
  partial: false,
  status: 'loading',
  error: null,
  changed: 'all',
});

/** The rows of a view, page by page, kept in step with the cache. The selected row keeps its place. */
export function useInboxList(view: View, sort: Sort, selectedId: ConversationId | null): InboxList {
  const host = useHost();
  const key = JSON.stringify([view, sort]);
  // A view is a new object at each render; what it says is not.
  const asked = useMemo(() => JSON.parse(key) as [View, Sort], [key]);
  const [loaded, setLoaded] = useState<Loaded>(() => empty(key));
  const current = loaded.key === key ? loaded : empty(key);

  const latest = useRef({ key, current, selectedId });
  useLayoutEffect(() => {
    latest.current = { key, current, selectedId };
  });

  /** One reading at a time; what is asked meanwhile is done once, afterwards. */
  const reading = useRef<{ key: string; again: Set<ConversationId> | 'all' | null } | null>(null);

  /** Where the next reading begins, if that is another place than now. */
  const moved = useRef<{ key: string; window: ListWindow } | null>(null);

  const read = useCallback(
    async (changed: Changed) => {
      const busy = reading.current;
      if (busy && busy.key === key) {
        busy.again =
          changed === 'all' || busy.again === 'all' ? 'all' : new Set([...(busy.again ?? []), ...changed]);
        return;
      }
      const turn: NonNullable<typeof reading.current> = { key, again: null };
      reading.current = turn;
      let news = changed;
      for (;;) {
        turn.again = null;
        const known = latest.current.key === key ? latest.current.current : empty(key);
        const place = moved.current?.key === key ? moved.current.window : known.window;
        moved.current = null;
        const reached = rowsAbove(known.window) + known.fresh.length - rowsAbove(place);
        const wanted = Math.min(MOST_ROWS, Math.max(FIRST_PAGE, reached));
        try {
          const fresh: InboxRow[] = [];
          const pages: Page[] = [];
          let after: ListKey | null = beginning(place);
          let partial = false;
          do {
            const limit = Math.min(PAGE, wanted - fresh.length);
            const page: InboxPage = await host.invoke('inbox_page', {
              view: asked[0],
              sort: asked[1],
              after,
              limit,
            });
            fresh.push(...page.rows);
            pages.push({ after, count: page.rows.length });
            after = page.next;
            partial ||= page.partial;
          } while (after && fresh.length < wanted);
          if (latest.current.key !== key) break;
          if (fresh.length === 0 && place.above.length > 0) {
            // What was held here has left the list.
            moved.current = { key, window: TOP };
            turn.again ??= 'all';
          }
          const applied = news;
          setLoaded((before) => {
            const shown = before.key === key ? before.shown : [];
            const held = latest.current.selectedId;
            return {
              key,
              window: { above: place.above, pages },
              fresh,
              // Elsewhere in the list there is no place to hold.
              shown: place === known.window ? holdPlace(shown, fresh, held, applied) : fresh,
              next: after,
              partial,
              status: 'ready',
              error: null,
              changed: applied,
            };
          });
        } catch (error) {
          if (latest.current.key !== key) break;
          setLoaded((before) => ({ ...(before.key === key ? before : empty(key)), status: 'failed', error }));
        }
        const again: Changed | null = turn.again;
        if (again === null) break;
        news = again;
      }
      if (reading.current === turn) reading.current = null;
    },
    [host, key, asked],
  );

  useEffect(() => void read('all'), [read]);
  useConversationChanges(useCallback((changed: Changed) => void read(changed), [read]));

  // Moving on releases the row that was held.
  useEffect(() => {
    setLoaded((before) => {
      const shown = holdPlace(before.shown, before.fresh, selectedId, new Set());
      const same =
        shown.length === before.shown.length && shown.every((row, index) => row === before.shown[index]);
      return same ? before : { ...before, shown, changed: new Set() };
    });
  }, [selectedId]);

  const loadingMore = useRef(false);
  const loadMore = useCallback(async () => {
    const { current: now } = latest.current;
    if (loadingMore.current || reading.current || !now.next) return;
    loadingMore.current = true;
    try {
      const page = await host.invoke('inbox_page', {
        view: asked[0],
        sort: asked[1],
        after: now.next,
        limit: PAGE,
      });
      setLoaded((before) => {
        // A reading from the top in between has moved the end.
        if (before.key !== now.key || before.next !== now.next) return before;
        const known = new Set(before.fresh.map((row) => row.head.id));
        const more = page.rows.filter((row) => !known.has(row.head.id));
        const shownIds = new Set(before.shown.map((row) => row.head.id));
        const window = extended(before.window, { after: now.next, count: more.length });
        const dropped = rowsAbove(window) - rowsAbove(before.window);
        const gone = new Set(before.fresh.slice(0, dropped).map((row) => row.head.id));
        const shown = [...before.shown, ...more.filter((row) => !shownIds.has(row.head.id))];
        return {
          ...before,
          window,
          fresh: [...before.fresh.slice(dropped), ...more],
          shown: gone.size === 0 ? shown : shown.filter((row) => !gone.has(row.head.id)),
          next: page.next,
          partial: before.partial || page.partial,
          changed: new Set(),
        };
      });
    } catch {
      // The next scroll asks again.
    } finally {
      loadingMore.current = false;
    }
  }, [host, asked]);

  const reach = useCallback(
    (index: number) => {
      const { current: now } = latest.current;
      const wanted = Math.max(0, index - PAGE / 2);
      if (now.status !== 'ready' || rowsAbove(now.window) <= wanted) return;
      moved.current = { key, window: movedUp(now.window, wanted) };
      void read(new Set());
    },
    [key, read],
  );

  return {
    rows: current.shown,
    above: rowsAbove(current.window),
    hasMore: current.next !== null,
    partial: current.partial,
    status: current.status,
    error: current.error,
    changed: current.changed,
    loadMore: useCallback(() => void loadMore(), [loadMore]),
    reach,
    reload: useCallback(() => void read('all'), [read]),
  };
}
