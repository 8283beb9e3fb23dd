import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import { type Toast, ui } from '../app/uiState';
import type { Action, ConversationId } from '../bindings/protocol';
import { useText } from '../i18n/text';

/** Does something to a conversation. `said`: what the toast with its undo says; without it nothing is said. */
export type Submit = (conversationId: ConversationId, action: Action, said?: string) => Promise<boolean>;

export function useSubmit(): Submit {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    async (conversationId, action, said) => {
      try {
        const { undo } = await host.invoke('command_submit', { conversation_id: conversationId, action });
        // The host tells of the change as well; asking at once saves the agent that moment.
        void client.invalidateQueries({ queryKey: KEYS.conversation(conversationId) });
        if (said) ui.toast(said, { undo: undo ? { conversationId, action: undo } : undefined });
        return true;
      } catch (error) {
        ui.toast(errorText(t, error), { tone: 'failed' });
        return false;
      }
    },
    [host, client, t],
  );
}

/** Takes the newest action back, or the one given. */
export function useUndo(): (which?: Toast['undo']) => void {
  const t = useText();
  const submit = useSubmit();
  return useCallback(
    (which) => {
      const undo = ui.takeUndo(which);
      if (!undo) return;
      ui.select(undo.conversationId);
      void submit(undo.conversationId, undo.action).then((done) => {
        if (done) ui.toast(t('undone'));
      });
    },
    [submit, t],
  );
}
