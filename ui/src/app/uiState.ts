import { create } from 'zustand';
import type {
  Action,
  CommandId,
  ConversationId,
  DraftKind,
  PartId,
  TeammateId,
  View,
} from '../bindings/protocol';

/** A part of the settings. */
export type SettingsSection =
  | 'general'
  | 'notifications'
  | 'keys'
  | 'security'
  | 'sessions'
  | 'checkup'
  | 'people'
  | 'about';

/** What lies over the inbox. */
export type Overlay =
  | { type: 'palette' }
  | { type: 'keys' }
  | { type: 'settings'; section?: SettingsSection; whose?: TeammateId | null; inviting?: boolean }
  | { type: 'sign_out' }
  | { type: 'join'; link: string }
  | { type: 'assign' | 'assign_team' | 'snooze' | 'tag'; conversationId: ConversationId }
  | { type: 'team' };

/** What takes something back: an action of its own, or for a note, that it is withdrawn before it is sent. */
export type Undo = { conversationId: ConversationId } & (
  | { action: Action }
  | { withdraw: CommandId; note: string }
);

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'failed';
  /** What takes it back. */
  undo?: Undo | undefined;
}

/** A conversation that left the agent's scope while it was open, with what was being written. */
export interface LeftConversation {
  conversationId: ConversationId;
  name: string | null;
  reply: string;
  note: string;
}

/** The part of the outbox that was asked for. */
export type OutboxPart = 'all' | 'drafts';

export type Page = 'inbox' | 'outbox';

interface UiState {
  page: Page;
  outboxPart: OutboxPart;
  view: View;
  selectedId: ConversationId | null;
  /** The part to bring into sight after opening, from a search result. */
  targetPartId: PartId | null;
  overlay: Overlay | null;
  toasts: readonly Toast[];
  undoStack: readonly Undo[];
  left: LeftConversation | null;
  /** What stands in the open composer, in case the conversation goes away under it. */
  written: { conversationId: ConversationId; texts: () => Record<DraftKind, string> } | null;
  /** Gives words back to the open composer. */
  giveBack: { conversationId: ConversationId; note: (words: string) => void } | null;
  composerKind: DraftKind;
  /** Raised to put the caret into the composer. */
  composerFocus: number;
  /** Marked unread by hand: not to be marked read again until it is opened anew. */
  keptUnreadId: ConversationId | null;
  announcement: string;
}

let nextToastId = 1;
const TOASTS_SHOWN = 3;
const UNDO_KEPT = 30;

export const useUi = create<UiState>(() => ({
  page: 'inbox',
  outboxPart: 'all',
  view: { type: 'mine' },
  selectedId: null,
  targetPartId: null,
  overlay: null,
  toasts: [],
  undoStack: [],
  left: null,
  written: null,
  giveBack: null,
  composerKind: 'reply',
  composerFocus: 0,
  keptUnreadId: null,
  announcement: '',
}));

const { setState: set, getState: get } = useUi;

/** Every change of the UI's own state. */
export const ui = {
  reset: (kept: Partial<Pick<UiState, 'overlay' | 'selectedId'>> = {}) =>
    set({ ...useUi.getInitialState(), ...kept }, true),
  showView: (view: View) => set({ page: 'inbox', view, selectedId: null, left: null }),
  showOutbox: (outboxPart: OutboxPart = 'all') => set({ page: 'outbox', outboxPart }),
  select: (selectedId: ConversationId | null, targetPartId: PartId | null = null) => {
    const here = { page: 'inbox', left: null, targetPartId } as const;
    if (selectedId === get().selectedId) set(here);
    else set({ ...here, selectedId, keptUnreadId: null, composerKind: 'reply' });
  },
  clearTarget: () => set({ targetPartId: null }),
  open: (overlay: Overlay) => set({ overlay }),
  close: () => set({ overlay: null }),
  compose: (composerKind: DraftKind) =>
    set((state) => ({ composerKind, composerFocus: state.composerFocus + 1 })),
  setComposerKind: (composerKind: DraftKind) => set({ composerKind }),
  keepUnread: (keptUnreadId: ConversationId | null) => set({ keptUnreadId }),
  setLeft: (left: LeftConversation | null) => set({ left }),
  setWritten: (written: UiState['written']) => set({ written }),
  setGiveBack: (giveBack: UiState['giveBack']) => set({ giveBack }),
  announce: (announcement: string) => set({ announcement }),

  toast: (text: string, options: Pick<Toast, 'undo'> & { tone?: Toast['tone'] } = {}) => {
    const toast: Toast = { id: nextToastId++, text, tone: options.tone ?? 'plain', undo: options.undo };
    set((state) => ({
      toasts: [...state.toasts, toast].slice(-TOASTS_SHOWN),
      undoStack: options.undo ? [...state.undoStack, options.undo].slice(-UNDO_KEPT) : state.undoStack,
    }));
  },
  dismiss: (id: number) => set((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
  /** Takes the newest undoable action, or the one given, off the stack. */
  takeUndo: (which?: Toast['undo']) => {
    const { undoStack, toasts } = get();
    const undo = which ?? undoStack.at(-1);
    if (!undo) return null;
    set({
      undoStack: undoStack.filter((entry) => entry !== undo),
      toasts: toasts.filter((toast) => toast.undo !== undo),
    });
    return undo;
  },
};
