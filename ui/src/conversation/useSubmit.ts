import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import { type Undo, ui, useUi } from '../app/uiState';
import type { Action, ConversationId, ConversationView, Submitted } from '../bindings/protocol';
import { useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { joined } from './composerText';

/** Does something to a conversation. `said`: what the toast with its undo says; without it nothing is said. */
export type Submit = (conversationId: ConversationId, action: Action, said?: string) => Promise<boolean>;

export function useSubmit(): Submit {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    async (conversationId, action, said) => {
      try {
        const submitted = await host.invoke('command_submit', { conversation_id: conversationId, action });
        // The host tells of the change as well; asking at once saves the agent that moment.
        void client.invalidateQueries({ queryKey: KEYS.conversation(conversationId) });
        if (said) ui.toast(said, { undo: undoOf(conversationId, action, submitted) });
        return true;
      } catch (error) {
        ui.toast(errorText(t, error), { tone: 'failed' });
        return false;
      }
    },
    [host, client, t],
  );
}

function undoOf(
  conversationId: ConversationId,
  action: Action,
  { command_id, undo }: Submitted,
): Undo | undefined {
  if (action.type === 'conversation_note') {
    return { conversationId, withdraw: command_id, note: action.body_text };
  }
  return undo ? { conversationId, action: undo } : undefined;
}

/** Takes the newest action back, or the one given. */
export function useUndo(): (which?: Undo) => void {
  const t = useText();
  const submit = useSubmit();
  const withdraw = useWithdraw();
  return useCallback(
    (which) => {
      const undo = ui.takeUndo(which);
      if (!undo) return;
      const { conversationId } = undo;
      const done = 'withdraw' in undo ? withdraw(conversationId, undo) : submit(conversationId, undo.action);
      ui.select(conversationId);
      void done.then((taken) => {
        if (taken) ui.toast(t('undone'));
      });
    },
    [submit, withdraw, t],
  );
}

/** Withdraws a note that was not sent yet, and gives its words back to where they were written. */
function useWithdraw() {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    async (conversationId: ConversationId, { withdraw, note }: { withdraw: string; note: string }) => {
      try {
        await host.invoke('outbox_discard', { command_id: withdraw });
      } catch (error) {
        const late = HostFailure.from(error).code === 'not_found';
        ui.toast(late ? t('undo-note-late') : errorText(t, error), { tone: 'failed' });
        return false;
      }
      const { giveBack } = useUi.getState();
      if (giveBack?.conversationId === conversationId) {
        giveBack.note(note);
      } else {
        const { note_draft } = await host.invoke('conversation_open', {
          conversation_id: conversationId,
          limit: 1,
        });
        const body_text = joined(note, note_draft ?? '');
        await host.invoke('draft_save', { conversation_id: conversationId, kind: 'note', body_text });
        client.setQueryData<ConversationView>(
          KEYS.conversation(conversationId),
          (known) => known && { ...known, note_draft: body_text },
        );
      }
      ui.select(conversationId);
      ui.compose('note');
      return true;
    },
    [host, client, t],
  );
}
