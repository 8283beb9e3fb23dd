import { type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query';
import { createContext, createElement, type ReactNode, useContext, useEffect, useState } from 'react';
import type { AppState, ConversationId, HostEvent } from '../bindings/protocol';
import type { Host } from '../platform/host';
import { useHost } from './host';
import { KEYS, withChosenSettings } from './queries';
import { ui, useUi } from './uiState';

/** Changes are gathered this long, so that a burst of them is one reading of the list. */
const GATHER_MS = 40;

export type Changed = ReadonlySet<ConversationId> | 'all';
type Listener = (changed: Changed) => void;

interface Changes {
  subscribe: (listener: Listener) => () => void;
}

const ChangesContext = createContext<Changes | null>(null);

/** Hears which conversations changed, gathered. */
export function useConversationChanges(listener: Listener) {
  const changes = useContext(ChangesContext);
  useEffect(() => changes?.subscribe(listener), [changes, listener]);
}

/** Lets the host's events change what is shown below it. */
export function HostEvents({ children }: { children: ReactNode }) {
  const host = useHost();
  const client = useQueryClient();
  const [{ changes, tell }] = useState(() => {
    const listeners = new Set<Listener>();
    return {
      tell: (changed: Changed) => {
        for (const listener of listeners) listener(changed);
      },
      changes: {
        subscribe: (listener: Listener) => {
          listeners.add(listener);
          return () => {
            listeners.delete(listener);
          };
        },
      },
    };
  });

  useEffect(() => {
    const stop = listenToHost(host, client, (changed) => {
      applyToQueries(client, changed);
      if (changed === 'all' || changed.size > 0) tell(changed);
    });
    // Whatever happened before this page listened was missed.
    void client.invalidateQueries();
    return stop;
  }, [host, client, tell]);

  return createElement(ChangesContext, { value: changes }, children);
}

/** Brings gathered changes to everything that is read by a query. */
function applyToQueries(client: QueryClient, changed: Changed) {
  readAgain(client, KEYS.sidebar);
  readAgain(client, KEYS.outbox);
  if (changed === 'all') {
    // Whoever missed something may have missed anything.
    readAgain(client, KEYS.state);
    readAgain(client, KEYS.directory);
    readAgain(client, KEYS.conversations);
  } else for (const id of changed) readAgain(client, KEYS.conversation(id));
}

/** Reads again whatever is kept under a key. A first reading that is under way may have begun before the change and
 * would not be repeated by itself: it is read once more when it ends. */
export function readAgain(client: QueryClient, queryKey: QueryKey) {
  for (const query of client.getQueryCache().findAll({ queryKey })) {
    if (query.state.fetchStatus !== 'fetching' || query.state.data !== undefined) continue;
    const again = () => void client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    query.promise?.then(again, again);
  }
  void client.invalidateQueries({ queryKey });
}

function listenToHost(host: Host, client: QueryClient, onChanges: (changed: Changed) => void) {
  let gathered: Set<ConversationId> | 'all' = new Set();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const gather = (ids: readonly ConversationId[]) => {
    if (ids.length === 0) gathered = 'all';
    else if (gathered !== 'all') for (const id of ids) gathered.add(id);
    soon();
  };
  const soon = () => {
    timer ??= setTimeout(() => {
      const changed = gathered;
      gathered = new Set();
      timer = undefined;
      onChanges(changed);
    }, GATHER_MS);
  };

  const stop = host.listen((event: HostEvent) => {
    switch (event.type) {
      case 'state_changed':
        client.setQueryData<AppState>(KEYS.state, withChosenSettings(client, event.state));
        break;
      case 'connection_changed':
        client.setQueryData<AppState>(
          KEYS.state,
          (state) => state && { ...state, connection: event.connection },
        );
        break;
      case 'conversations_changed':
        gather(event.conversation_ids);
        break;
      case 'conversation_left':
        conversationLeft(client, event.conversation_id, event.contact_name);
        gather([event.conversation_id]);
        break;
      case 'directory_changed':
        readAgain(client, KEYS.directory);
        // Whoever has come by a link is among the people now.
        readAgain(client, KEYS.personalLinks);
        break;
      case 'sessions_changed':
        readAgain(client, KEYS.sessions(null));
        break;
      case 'outbox_changed':
        // It is read again with every change. When all of it goes out, there are as many of these as entries.
        soon();
        break;
      case 'open_conversation':
        ui.close();
        ui.select(event.conversation_id);
        break;
      case 'join_link_received':
        ui.open({ type: 'join', link: event.link });
        break;
    }
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function conversationLeft(client: QueryClient, id: ConversationId, name: string | null) {
  client.removeQueries({ queryKey: KEYS.conversation(id) });
  const { selectedId, written } = useUi.getState();
  if (selectedId !== id) return;
  const kept = written?.conversationId === id ? written.texts() : { reply: '', note: '' };
  ui.setLeft({ conversationId: id, name, reply: kept.reply, note: kept.note });
}
