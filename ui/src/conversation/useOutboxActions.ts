import { useMutation } from '@tanstack/react-query';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import { useText } from '../i18n/text';

/** Tries an entry of the outbox again, or gives it up. */
export function useOutboxActions() {
  const t = useText();
  const host = useHost();
  const onError = (error: unknown) => ui.toast(errorText(t, error), { tone: 'failed' });
  const retry = useMutation({
    mutationFn: ({ command_id }: { command_id: string }) =>
      host.invoke('outbox_retry', { command_ids: [command_id] }),
    onError,
  });
  const discard = useMutation({
    mutationFn: (request: { command_id: string }) => host.invoke('outbox_discard', request),
    onError,
  });
  return { retry, discard };
}
