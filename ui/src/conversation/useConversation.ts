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

  const loading = useRef(false);
  const load = useCallback(
    async (before_seq: number, put: typeof prependOlder) => {
      if (loading.current) return;
      loading.current = true;
      try {
        const page = await host.invoke('conversation_parts', {
          conversation_id: id,
          before_seq,
          limit: PAGE,
        });
        change((view) => put(view, page));
      } catch {
        // The next scroll to where they are missing asks again.
      } finally {
        loading.current = false;
      }
    },
    [host, id, change],
  );
  const loadOlder = useCallback(() => {
    const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
    const before = view && firstSeq(view);
    if (view?.has_older && before !== undefined) void load(before, prependOlder);
  }, [client, id, load]);
  const loadNewer = useCallback(() => {
    const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
    const before = view && newerThanRead(view, PAGE);
    if (before) void load(before, appendNewer);
  }, [client, id, load]);
  /** Tells which parts are in sight. */
  const lookAt = useCallback(
    (from: PartId, to: PartId) => change((view) => around(view, from, to)),
    [change],
  );

  const letGo = useCallback(() => change(withoutFarPast), [change]);

  return { ...query, loadOlder, loadNewer, lookAt, letGo };
}
