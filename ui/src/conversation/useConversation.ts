import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef } from 'react';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import type { ConversationId, ConversationView, PartId } from '../bindings/protocol';
import type { Host } from '../platform/host';
import {
  appendNewer,
  around,
  firstSeq,
  mergeNewest,
  newerThanRead,
  prependOlder,
  sinceGap,
  withoutFarPast,
} from './parts';

const NEWEST = 60;
const PAGE = 100;

/** How a conversation is read. Everybody who looks at one says the same: a reading is done as whoever looked last
 * says, so a looker without a way to read would end the reading for all. */
const reading = (host: Host, client: QueryClient, id: ConversationId) =>
  queryOptions<ConversationView>({
    queryKey: KEYS.conversation(id),
    queryFn: async () => {
      const fresh = await host.invoke('conversation_open', { conversation_id: id, limit: NEWEST });
      return mergeNewest(client.getQueryData<ConversationView>(KEYS.conversation(id)), fresh);
    },
  });

/** A conversation as others keep it open; it is not read for this. */
export function useOpenedConversation(id: ConversationId | null): ConversationView | undefined {
  const host = useHost();
  const client = useQueryClient();
  return useQuery({ ...reading(host, client, id ?? ''), enabled: false }).data;
}

const holds = (view: ConversationView, partId: PartId) => view.parts.some(({ part }) => part.id === partId);

/** A conversation with the parts that were loaded, kept in step with the cache. */
export function useConversation(id: ConversationId) {
  const host = useHost();
  const client = useQueryClient();
  const query = useQuery(reading(host, client, id));

  const change = useCallback(
    (to: (view: ConversationView) => ConversationView) => {
      const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
      const changed = view && to(view);
      // What is in sight is told with each line scrolled by, and nearly always changes nothing.
      if (changed !== view) client.setQueryData<ConversationView>(KEYS.conversation(id), changed);
    },
    [client, id],
  );

  const pageBefore = useCallback(
    (before_seq: number) =>
      host.invoke('conversation_parts', { conversation_id: id, before_seq, limit: PAGE }),
    [host, id],
  );

  /** What is being asked for in each direction. One does not wait for the other, nor what is missing now for what was
   * missing before. */
  const asked = useRef({ older: 0, newer: 0 });
  const load = useCallback(
    async (way: keyof typeof asked.current, before_seq: number) => {
      if (asked.current[way] === before_seq) return;
      asked.current[way] = before_seq;
      const put = way === 'older' ? prependOlder : appendNewer;
      try {
        const page = await pageBefore(before_seq);
        change((view) => put(view, page, before_seq));
      } catch {
        // The next scroll to where they are missing asks again.
      } finally {
        if (asked.current[way] === before_seq) asked.current[way] = 0;
      }
    },
    [pageBefore, change],
  );
  const loadOlder = useCallback(() => {
    const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
    const before = view && firstSeq(view);
    if (view?.has_older && before !== undefined) void load('older', before);
  }, [client, id, load]);
  const loadNewer = useCallback(() => {
    const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
    const before = view && newerThanRead(view, PAGE);
    if (before) void load('newer', before);
  }, [client, id, load]);

  /** Reads back until a part is there, and shows the conversation from around it. Where it cannot be had, or is not
   * wanted any more, what is shown stays as it is, and the answer is no. */
  const readBackTo = useCallback(
    async (partId: PartId, isWanted: () => boolean) => {
      let read = client.getQueryData<ConversationView>(KEYS.conversation(id));
      // It may be in the gap, so the way back begins at the newest parts.
      read = read && sinceGap(read);
      while (read && !holds(read, partId)) {
        const before = firstSeq(read);
        if (before === undefined || !read.has_older) return false;
        const page = await pageBefore(before).catch(() => null);
        const first = page?.parts[0]?.part.id;
        if (!page || first === undefined || !isWanted()) return false;
        // Of what was passed nearly all is let go at once: the way may be long.
        read = around(prependOlder(read, page, before), first, first);
      }
      const found = read;
      let isShown = false;
      change((view) => {
        const back = found ? mergeNewest(found, sinceGap(view)) : view;
        // Of a copy with holes in it only what comes before the first one can be shown.
        isShown = holds(back, partId);
        return isShown ? back : view;
      });
      return isShown;
    },
    [client, id, pageBefore, change],
  );

  /** Tells which parts are in sight. */
  const lookAt = useCallback(
    (from: PartId, to: PartId) => change((view) => around(view, from, to)),
    [change],
  );

  const letGo = useCallback(() => change(withoutFarPast), [change]);

  return { ...query, loadOlder, loadNewer, readBackTo, lookAt, letGo };
}
