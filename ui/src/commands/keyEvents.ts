import { type KeybindingPress, matchKeybindingPress, parseKeybinding } from 'tinykeys';
import type { Keymap } from './keymap';
import { type CommandName, commandById, type Scope } from './registry';

/** How long a sequence waits for its next key. */
const SEQUENCE_TIMEOUT_MS = 1_000;

interface Binding {
  id: CommandName;
  scope: Scope;
  sequence: KeybindingPress[];
}

/** Where the keyboard is: in a composer, in another text field, in a dialog, or elsewhere. */
export type Focus = 'composer' | 'field' | 'dialog' | 'elsewhere';

export function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof Element)) return 'elsewhere';
  if (target.closest('[data-composer]')) return 'composer';
  if (target.closest('[role="dialog"],[role="alertdialog"],[role="menu"]')) return 'dialog';
  if (target.closest('input,textarea,select,[contenteditable="true"]')) return 'field';
  return 'elsewhere';
}

const onControl = (target: EventTarget | null) =>
  target instanceof Element && target.closest('button,a,summary,[role="button"],[role="tab"]') !== null;

const LATIN_CODE = /^Key([A-Z])$/;

/** The event as bindings mean it: on a keyboard without Latin letters the letter at that place counts, and Shift
 * belongs to a sign such as `?` rather than to the binding. */
export function normalized(event: KeyboardEvent): KeyboardEvent {
  const latin = LATIN_CODE.exec(event.code)?.[1];
  const foreign = event.key.length === 1 && event.key > '\u024f' && latin !== undefined;
  const key = foreign ? latin.toLowerCase() : event.key;
  const sign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  return {
    key,
    code: event.code,
    getModifierState: (modifier: string) =>
      sign && modifier === 'Shift' ? false : event.getModifierState(modifier),
  } as KeyboardEvent;
}

const hasModifier = (event: KeyboardEvent) => event.ctrlKey || event.metaKey || event.altKey;

function heard(scope: Scope, focus: Focus, event: KeyboardEvent): boolean {
  if (focus === 'dialog') return false;
  if (scope === 'composer') return focus === 'composer';
  if (focus === 'elsewhere') return true;
  // Inside a text field only what cannot be text is a command, and undo belongs to the text.
  return scope === 'app' && (hasModifier(event) || /^F\d+$/.test(event.key));
}

/** Turns key presses into commands. `run` tells whether the command took the key. */
export function createKeyListener(keymap: Keymap, run: (id: CommandName, event: KeyboardEvent) => boolean) {
  const bindings: Binding[] = [];
  for (const [id, sequences] of keymap) {
    for (const sequence of sequences) {
      bindings.push({ id, scope: commandById(id).scope, sequence: parseKeybinding(sequence) });
    }
  }
  let pending: Binding[] = [];
  let depth = 0;
  let pressedAtMs = 0;

  return (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    // Enter and the space bar belong to the button or link that has the focus.
    if ((event.key === 'Enter' || event.key === ' ') && onControl(event.target)) return;
    if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph'].includes(event.key)) return;
    const meant = normalized(event);
    const focus = focusOf(event.target);
    const matches = (binding: Binding, at: number) => {
      const press = binding.sequence[at];
      return press !== undefined && heard(binding.scope, focus, event) && matchKeybindingPress(meant, press);
    };

    const waiting = event.timeStamp - pressedAtMs <= SEQUENCE_TIMEOUT_MS ? pending : [];
    const continued = waiting.filter((binding) => matches(binding, depth));
    const candidates = continued.length > 0 ? continued : bindings.filter((binding) => matches(binding, 0));
    const at = continued.length > 0 ? depth : 0;
    pending = candidates.filter((binding) => binding.sequence.length > at + 1);
    depth = at + 1;
    pressedAtMs = event.timeStamp;
    if (pending.length > 0) {
      event.preventDefault();
      return;
    }
    for (const binding of candidates) {
      if (event.repeat && !commandById(binding.id).repeats) {
        event.preventDefault();
        return;
      }
      if (run(binding.id, event)) {
        event.preventDefault();
        return;
      }
    }
  };
}
