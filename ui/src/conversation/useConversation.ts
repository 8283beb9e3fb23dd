import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import type { ConversationId, ConversationView } from '../bindings/protocol';
import type { Host } from '../platform/host';
import { firstSeq, mergeNewest, prependOlder, withoutFarPast } from './parts';

const NEWEST = 60;
const OLDER = 100;

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

  const loading = useRef(false);
  const loadOlder = useCallback(async () => {
    const view = client.getQueryData<ConversationView>(KEYS.conversation(id));
    const before = view && firstSeq(view);
    if (!view?.has_older || before === undefined || loading.current) return;
    loading.current = true;
    try {
      const page = await host.invoke('conversation_parts', {
        conversation_id: id,
        before_seq: before,
        limit: OLDER,
      });
      client.setQueryData<ConversationView>(
        KEYS.conversation(id),
        (current) => current && prependOlder(current, page),
      );
    } catch {
      // The next scroll to the top asks again.
    } finally {
      loading.current = false;
    }
  }, [host, client, id]);

  const letGo = useCallback(() => {
    client.setQueryData<ConversationView>(
      KEYS.conversation(id),
      (current) => current && withoutFarPast(current),
    );
  }, [client, id]);
  useEffect(() => letGo, [letGo]);

  return { ...query, loadOlder, letGo };
}
