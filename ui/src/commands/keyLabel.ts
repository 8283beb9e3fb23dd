import { presses, splitPress } from './keymap';

const APPLE = typeof navigator === 'object' && /Mac|iPhone|iPad/.test(navigator.platform);

const SYMBOLS: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
};

const APPLE_MODIFIERS: Record<string, string> = { $mod: '⌘', Meta: '⌘', Control: '⌃', Alt: '⌥', Shift: '⇧' };
const MODIFIERS: Record<string, string> = { $mod: 'Ctrl', Control: 'Ctrl', Meta: 'Super' };

/** The caps of each press of a sequence as people know them: `$mod+Shift+Enter` is `Ctrl Shift ↵`. */
export function keyCaps(sequence: string, apple = APPLE): string[] {
  return presses(sequence).map((press) => {
    const { modifiers, key } = splitPress(press);
    const shown = SYMBOLS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
    const names = modifiers.map((modifier) => (apple ? APPLE_MODIFIERS : MODIFIERS)[modifier] ?? modifier);
    return [...names, shown].join(apple ? '' : ' ');
  });
}

/** A sequence in the form that assistive technology reads from `aria-keyshortcuts`. */
export function ariaKeys(sequences: readonly string[], apple = APPLE): string {
  return sequences
    .filter((sequence) => presses(sequence).length === 1)
    .map((sequence) => {
      const { modifiers, key } = splitPress(sequence);
      const mod = apple ? 'Meta' : 'Control';
      return [...modifiers.map((modifier) => (modifier === '$mod' ? mod : modifier)), key].join('+');
    })
    .join(' ');
}
