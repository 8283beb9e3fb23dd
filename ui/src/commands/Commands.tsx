import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { createKeyListener } from './keyEvents';
import type { Keymap } from './keymap';
import type { CommandName } from './registry';

/** What a screen does when its command is called. */
export interface Handler {
  run: () => void;
  /** Why it cannot be done now, as a sentence for people; the command stays listed and says so. */
  blocked?: string | null | undefined;
}

interface CommandTable {
  handlers: ReadonlyMap<CommandName, readonly Handler[]>;
  subscribe: (listener: () => void) => () => void;
  add: (id: CommandName, handler: Handler) => () => void;
  version: () => number;
}

function createTable(): CommandTable {
  const handlers = new Map<CommandName, readonly Handler[]>();
  const listeners = new Set<() => void>();
  let version = 0;
  const changed = () => {
    version += 1;
    for (const listener of listeners) listener();
  };
  return {
    handlers,
    version: () => version,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add: (id, handler) => {
      handlers.set(id, [...(handlers.get(id) ?? []), handler]);
      changed();
      return () => {
        handlers.set(
          id,
          (handlers.get(id) ?? []).filter((entry) => entry !== handler),
        );
        changed();
      };
    },
  };
}

interface CommandsValue {
  table: CommandTable;
  keymap: Keymap;
  run: (id: CommandName) => boolean;
}

const CommandsContext = createContext<CommandsValue | null>(null);

interface ProviderProps {
  keymap: Keymap;
  /** Told when somebody asks for what cannot be done now. */
  onBlocked: (reason: string) => void;
  children: ReactNode;
}

/** Holds which commands can be done now, and turns keys into them. */
export function CommandsProvider({ keymap, onBlocked, children }: ProviderProps) {
  const table = useRef<CommandTable>(null);
  table.current ??= createTable();
  const current = table.current;
  const blockedListener = useRef(onBlocked);
  useLayoutEffect(() => {
    blockedListener.current = onBlocked;
  });

  const run = useCallback(
    (id: CommandName) => {
      const handler = current.handlers.get(id)?.at(-1);
      if (!handler) return false;
      if (handler.blocked) blockedListener.current(handler.blocked);
      else handler.run();
      return true;
    },
    [current],
  );

  useEffect(() => {
    const listener = createKeyListener(keymap, (id) => run(id));
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [keymap, run]);

  const value = useMemo(() => ({ table: current, keymap, run }), [current, keymap, run]);
  return <CommandsContext value={value}>{children}</CommandsContext>;
}

function useCommands(): CommandsValue {
  const value = useContext(CommandsContext);
  if (!value) throw new Error('A CommandsProvider must stand above.');
  return value;
}

/** Says what `id` does while this component is on the screen. `null`: nothing. */
export function useCommand(id: CommandName, run: (() => void) | null, blocked?: string | null) {
  const { table } = useCommands();
  const latest = useRef(run);
  useLayoutEffect(() => {
    latest.current = run;
  });
  const present = run !== null;
  useEffect(() => {
    if (!present) return;
    return table.add(id, { run: () => latest.current?.(), blocked });
  }, [table, id, present, blocked]);
}

/** Calls a command by its id; false if nothing on the screen does it. */
export function useRunCommand(): (id: CommandName) => boolean {
  return useCommands().run;
}

/** The keys of a command as they are set. */
export function useKeys(id: CommandName): readonly string[] {
  return useCommands().keymap.get(id) ?? [];
}

export function useKeymap(): Keymap {
  return useCommands().keymap;
}

/** What can be done now, for the palette. */
export function useAvailableCommands(): ReadonlyMap<CommandName, Handler> {
  const { table } = useCommands();
  const version = useSyncExternalStore(table.subscribe, table.version);
  return useMemo(() => {
    void version;
    const found = new Map<CommandName, Handler>();
    for (const [id, handlers] of table.handlers) {
      const handler = handlers.at(-1);
      if (handler) found.set(id, handler);
    }
    return found;
  }, [table, version]);
}
