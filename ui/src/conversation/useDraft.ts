import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import { ui } from '../app/uiState';
import type { ConversationId, ConversationView, DraftKind } from '../bindings/protocol';
import { joined, type TextProblem, textProblem } from './composerText';

/** A pause in typing after which the draft is stored. */
const PAUSE_MS = 350;

export type DraftState = 'none' | 'saving' | 'saved' | 'failed';

type Texts = Record<DraftKind, string>;
type Problems = Record<DraftKind, TextProblem>;

const problemsOf = (texts: Texts): Problems => ({
  reply: textProblem(texts.reply),
  note: textProblem(texts.note),
});

/** What is being written, stored after each pause and when the composer goes away. It is read from the host once:
 * nothing that arrives may change text under somebody's hands. The text itself is no state of any component: a key
 * press is drawn by the field alone, and only what it changes about the text is told. */
export function useDraft(conversationId: ConversationId, view: ConversationView) {
  const host = useHost();
  const client = useQueryClient();
  const [first] = useState<Texts>(() => ({ reply: view.reply_draft ?? '', note: view.note_draft ?? '' }));
  const latest = useRef(first);
  const [problems, setProblems] = useState<Problems>(() => problemsOf(first));
  const [state, setState] = useState<DraftState>('none');
  const [givenBack, setGivenBack] = useState(0);
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
      const problem = textProblem(text);
      setProblems((known) => (known[kind] === problem ? known : { ...known, [kind]: problem }));
      unsaved.current.add(kind);
      setState('saving');
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void save(), PAUSE_MS);
    },
    [save],
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

  const textOf = useCallback((kind: DraftKind) => latest.current[kind], []);

  useEffect(() => {
    ui.setWritten({ conversationId, texts: () => latest.current });
    ui.setGiveBack({
      conversationId,
      note: (words) => {
        write('note', joined(words, latest.current.note));
        setGivenBack((count) => count + 1);
      },
    });
    const flush = () => void save();
    window.addEventListener('blur', flush);
    window.addEventListener('pagehide', flush);
    return () => {
      ui.setGiveBack(null);
      window.removeEventListener('blur', flush);
      window.removeEventListener('pagehide', flush);
      flush();
      // Whoever comes back before the conversation was read again finds the newest words, not those of the reading.
      const { reply, note } = latest.current;
      client.setQueryData<ConversationView>(
        KEYS.conversation(conversationId),
        (known) => known && { ...known, reply_draft: reply || null, note_draft: note || null },
      );
    };
  }, [client, conversationId, save, write]);

  return { textOf, problems, state, givenBack, write, clear };
}
