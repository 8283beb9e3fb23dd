import { COMMANDS, type Command, type CommandName, type Scope } from './registry';

/** The agent's own keys: a command that is listed here has these instead of its defaults, possibly none. */
export type KeyOverrides = Readonly<Partial<Record<string, readonly string[]>>>;

export interface KeymapOptions {
  overrides: KeyOverrides;
  /** Off: keys that are a plain character are not heard (WCAG 2.1.4). */
  singleKeys: boolean;
}

export type Keymap = ReadonlyMap<CommandName, readonly string[]>;

const MODIFIERS = new Set(['$mod', 'Control', 'Alt', 'Meta']);

/** The presses of a sequence: `g i` has two. */
export const presses = (sequence: string): string[] => sequence.split(' ').filter(Boolean);

/** Modifiers and key of one press. The plus key itself is written `$mod++`. */
export function splitPress(press: string): { modifiers: string[]; key: string } {
  const parts = press.split(/(?<=\w)\+/);
  const key = parts.pop() ?? '';
  return { modifiers: parts, key };
}

/** Whether a sequence holds a press that is a plain character: those that dictation or a slip can trigger. */
export function isSingleKey(sequence: string): boolean {
  return presses(sequence).some((press) => {
    const { modifiers, key } = splitPress(press);
    return key.length === 1 && !modifiers.some((modifier) => MODIFIERS.has(modifier));
  });
}

/** What every command's keys are. */
export function buildKeymap({ overrides, singleKeys }: KeymapOptions): Keymap {
  return new Map(
    COMMANDS.map((command) => {
      const keys = overrides[command.id] ?? command.keys;
      return [command.id, singleKeys ? keys : keys.filter((sequence) => !isSingleKey(sequence))];
    }),
  );
}

/** One form for what means the same: modifiers sorted, letters small. */
export function canonical(sequence: string): string {
  return presses(sequence)
    .map((press) => {
      const { modifiers, key } = splitPress(press);
      return [...modifiers]
        .sort()
        .concat(key.length === 1 ? key.toLowerCase() : key)
        .join('+');
    })
    .join(' ');
}

const overlap = (a: Scope, b: Scope) => a === b || a === 'app' || b === 'app';

/** Whether one sequence hides the other: they are the same, or one begins with the other. */
function collide(a: string, b: string): boolean {
  const [one, two] = [canonical(a), canonical(b)];
  return one === two || one.startsWith(`${two} `) || two.startsWith(`${one} `);
}

/** The commands, other than `id` itself, that `sequence` would take keys from. */
export function conflicts(keymap: Keymap, id: CommandName, sequence: string): CommandName[] {
  const scope = COMMANDS.find((command) => command.id === id)?.scope ?? 'app';
  return COMMANDS.filter(
    (command: Command) =>
      command.id !== id &&
      overlap(scope, command.scope) &&
      (keymap.get(command.id) ?? []).some((key) => collide(key, sequence)),
  ).map((command) => command.id);
}
