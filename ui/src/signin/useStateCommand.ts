import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useHost } from '../app/host';
import { KEYS, newestState } from '../app/queries';
import type { AppState, Commands } from '../bindings/protocol';

/** The commands that answer with a new state of the program. */
type StateCommand = { [K in keyof Commands]: Commands[K][1] extends AppState ? K : never }[keyof Commands];

/** Calls such a command and shows the state that it brought. */
export function useStateCommand<K extends StateCommand>(name: K) {
  const host = useHost();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: Commands[K][0]) =>
      newestState(client, async () => (await host.invoke(name, request)) as AppState),
    onSuccess: (state) => client.setQueryData<AppState>(KEYS.state, state),
  });
}
