import { useMutation, useQueryClient } from '@tanstack/react-query';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import { ui } from '../app/uiState';
import type { SessionId } from '../bindings/protocol';
import { useText } from '../i18n/text';

/** Says that sessions where the account was not known are one's own doing. */
export function useNoteSeen() {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (session_ids: SessionId[]) => host.invoke('sessions_seen', { session_ids }),
    onSuccess: (list) => client.setQueryData(KEYS.sessions(null), list),
    onError: (error) => ui.toast(errorText(t, error), { tone: 'failed' }),
  });
}
