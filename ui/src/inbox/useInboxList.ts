import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useConversationChanges } from '../app/events';
import { useHost } from '../app/host';
import type { ConversationId, InboxPage, InboxRow, ListKey, Sort, View } from '../bindings/protocol';
import { type Changed, holdPlace } from './listPlace';

const FIRST_PAGE = 60;
const PAGE = 200;

export interface InboxList {
  rows: readonly InboxRow[];
  /** The rows in the list's own order, without the held row's exception. */
  hasMore: boolean;
  partial: boolean;
  status: 'loading' | 'ready' | 'failed';
  error: unknown;
  /** What the newest reading changed. */
  changed: Changed;
  loadMore: () => void;
  reload: () => void;
}

interface Loaded {
  key: string;
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
        const wanted = Math.max(
          FIRST_PAGE,
          latest.current.key === key ? latest.current.current.fresh.length : 0,
        );
        try {
          const fresh: InboxRow[] = [];
          let after: ListKey | null = null;
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
            after = page.next;
            partial ||= page.partial;
          } while (after && fresh.length < wanted);
          if (latest.current.key !== key) break;
          const applied = news;
          setLoaded((before) => {
            const shown = before.key === key ? before.shown : [];
            const held = latest.current.selectedId;
            return {
              key,
              fresh,
              shown: holdPlace(shown, fresh, held, applied),
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
        return {
          ...before,
          fresh: [...before.fresh, ...more],
          shown: [...before.shown, ...more.filter((row) => !shownIds.has(row.head.id))],
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

  return {
    rows: current.shown,
    hasMore: current.next !== null,
    partial: current.partial,
    status: current.status,
    error: current.error,
    changed: current.changed,
    loadMore: useCallback(() => void loadMore(), [loadMore]),
    reload: useCallback(() => void read('all'), [read]),
  };
}
