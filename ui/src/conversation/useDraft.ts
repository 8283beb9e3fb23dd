import { useCallback, useEffect, useRef, useState } from 'react';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import type { ConversationId, ConversationView, DraftKind } from '../bindings/protocol';

/** A pause in typing after which the draft is stored. */
const PAUSE_MS = 350;

export type DraftState = 'none' | 'saving' | 'saved' | 'failed';

type Texts = Record<DraftKind, string>;

/** What is being written, stored after each pause and when the composer goes away. It is read from the host once:
 * nothing that arrives may change text under somebody's hands. */
export function useDraft(conversationId: ConversationId, view: ConversationView) {
  const host = useHost();
  const [texts, setTexts] = useState<Texts>(() => ({
    reply: view.reply_draft ?? '',
    note: view.note_draft ?? '',
  }));
  const [state, setState] = useState<DraftState>('none');
  const latest = useRef(texts);
  const unsaved = useRef(new Set<DraftKind>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = useCallback(async () => {
    clearTimeout(timer.current);
    const kinds = [...unsaved.current];
    unsaved.current.clear();
    try {
      for (const kind of kinds) {
        const body_text = latest.current[kind];
        await host.invoke('draft_save', { conversation_id: conversationId, kind, body_text });
      }
      if (kinds.length > 0)
        setState((now) => (now === 'saving' && unsaved.current.size === 0 ? 'saved' : now));
    } catch {
      for (const kind of kinds) unsaved.current.add(kind);
      setState('failed');
    }
  }, [host, conversationId]);

  const write = useCallback(
    (kind: DraftKind, text: string) => {
      latest.current = { ...latest.current, [kind]: text };
      setTexts(latest.current);
      ui.setWritten({ conversationId, ...latest.current });
      unsaved.current.add(kind);
      setState('saving');
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void save(), PAUSE_MS);
    },
    [conversationId, save],
  );

  /** Empties the text after it was sent, and removes its draft at once. */
  const clear = useCallback(
    (kind: DraftKind) => {
      write(kind, '');
      setState('none');
      void save();
    },
    [write, save],
  );

  useEffect(() => {
    ui.setWritten({ conversationId, ...latest.current });
    const flush = () => void save();
    window.addEventListener('blur', flush);
    window.addEventListener('pagehide', flush);
    return () => {
      window.removeEventListener('blur', flush);
      window.removeEventListener('pagehide', flush);
      flush();
    };
  }, [conversationId, save]);

  return { texts, state, write, clear };
}
