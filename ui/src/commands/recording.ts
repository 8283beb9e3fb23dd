import { normalized } from './keyEvents';

const APPLE = typeof navigator === 'object' && /Mac|iPhone|iPad/.test(navigator.platform);

/** The press of an event as a binding is written, or `null` for a modifier alone. */
export function pressOf(event: KeyboardEvent, apple = APPLE): string | null {
  if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'Dead', 'CapsLock'].includes(event.key)) return null;
  const { key, getModifierState } = normalized(event);
  const modifiers: string[] = [];
  if (apple ? event.metaKey : event.ctrlKey) modifiers.push('$mod');
  if (apple ? event.ctrlKey : event.metaKey) modifiers.push(apple ? 'Control' : 'Meta');
  if (event.altKey && !event.getModifierState('AltGraph')) modifiers.push('Alt');
  if (getModifierState('Shift')) modifiers.push('Shift');
  const name = key === ' ' ? 'Space' : key.length === 1 ? key.toLowerCase() : key;
  return [...modifiers, name].join('+');
}
