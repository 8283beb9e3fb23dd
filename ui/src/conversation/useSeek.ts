import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { KEYS } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { AppState, PartId } from '../bindings/protocol';
import { useText } from '../i18n/text';
import type { useConversation } from './useConversation';

/** Has the conversation read back to what was searched for, and says so where it cannot be had. */
export function useSeek(readBackTo: ReturnType<typeof useConversation>['readBackTo']) {
  const t = useText();
  const client = useQueryClient();
  return useCallback(
    async (partId: PartId) => {
      const isWanted = () => useUi.getState().targetPartId === partId;
      if ((await readBackTo(partId, isWanted)) || !isWanted()) return;
      ui.clearTarget();
      const offline = client.getQueryData<AppState>(KEYS.state)?.connection.state === 'offline';
      ui.toast(t(offline ? 'thread-target-offline' : 'thread-target-missing'), { tone: 'failed' });
    },
    [t, client, readBackTo],
  );
}
