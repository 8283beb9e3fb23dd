import { useMutation, useQueryClient } from '@tanstack/react-query';
import { readAgain } from '../app/events';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import type { Commands } from '../bindings/protocol';

/** Makes a personal link. It is held for as long as the screen that shows it, and nowhere after that. */
export function useMakeLink<Name extends 'personal_link_invite' | 'personal_link_reset'>(name: Name) {
  const host = useHost();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: Commands[Name][0]) => host.invoke(name, request),
    // Also when its answer was lost there may be another link now, in the place of an older one.
    onSettled: () => readAgain(client, KEYS.personalLinks),
    gcTime: 0,
  });
}
