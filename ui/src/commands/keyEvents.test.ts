import { beforeEach, expect, test } from 'vitest';
import { createKeyListener } from './keyEvents';
import { buildKeymap } from './keymap';
import { pressOf } from './recording';
import type { CommandName } from './registry';

let ran: CommandName[] = [];
let listener = createKeyListener(new Map(), () => true);

beforeEach(() => {
  ran = [];
  document.body.innerHTML = '';
  listener = createKeyListener(buildKeymap({ overrides: {}, singleKeys: true }), (id) => {
    ran.push(id);
    return true;
  });
});

interface Press {
  code?: string;
  target?: string;
  shift?: boolean;
  ctrl?: boolean;
  altGraph?: boolean;
  composing?: boolean;
  repeat?: boolean;
  at?: number;
}

let clock = 0;

function press(key: string, options: Press = {}): KeyboardEvent {
  const html = options.target ?? '<div id="target"></div>';
  document.body.innerHTML = html;
  const target = document.querySelector('#target') ?? document.body;
  const code = options.code ?? (/^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key);
  const event = new KeyboardEvent('keydown', {
    key,
    code,
    shiftKey: options.shift ?? false,
    ctrlKey: options.ctrl ?? false,
    repeat: options.repeat ?? false,
    bubbles: true,
    cancelable: true,
  });
  clock = options.at ?? clock + 100;
  const held: Record<string, boolean | undefined> = {
    Shift: options.shift,
    Control: options.ctrl,
    AltGraph: options.altGraph,
  };
  Object.defineProperties(event, {
    target: { value: target },
    timeStamp: { value: clock },
    isComposing: { value: options.composing ?? false },
    getModifierState: { value: (modifier: string) => held[modifier] ?? false },
  });
  listener(event);
  return event;
}

test('a letter runs its command', () => {
  expect(press('e').defaultPrevented).toBe(true);
  expect(ran).toEqual(['conversation.close']);
});

test('Shift makes another key of a letter', () => {
  press('E', { shift: true });
  expect(ran).toEqual(['conversation.open']);
});

test('Shift belongs to a sign, whatever the keyboard needs for it', () => {
  press('?', { shift: true, code: 'Minus' });
  press('/', { shift: true, code: 'Digit7' });
  expect(ran).toEqual(['keys.show', 'search.open']);
});

test('a sequence runs once it is complete, and not its parts', () => {
  press('g');
  expect(ran).toEqual([]);
  press('u');
  expect(ran).toEqual(['go.unassigned']);
  press('u');
  expect(ran).toEqual(['go.unassigned', 'list.focus']);
});

test('a sequence that is left begun is forgotten', () => {
  press('g', { at: 1_000 });
  press('u', { at: 2_500 });
  expect(ran).toEqual(['list.focus']);
});

test('a wrong second key counts for itself', () => {
  press('g');
  press('e');
  press('g');
  press('r');
  expect(ran).toEqual(['go.closed', 'conversation.reply']);
});

test('nothing is heard while text is composed or typed with AltGr', () => {
  press('e', { composing: true });
  press('e', { altGraph: true });
  expect(ran).toEqual([]);
});

test('letters inside a text field are text, and undo there belongs to the text', () => {
  const field = '<input id="target">';
  press('e', { target: field });
  press('z', { target: field, ctrl: true });
  expect(ran).toEqual([]);
  press('k', { target: field, ctrl: true });
  expect(ran).toEqual(['palette.open']);
});

test('the composer hears its own keys and no letters', () => {
  const composer = '<form data-composer><textarea id="target"></textarea></form>';
  press('r', { target: composer });
  press('Enter', { target: composer, ctrl: true });
  press('Enter', { target: composer, ctrl: true, shift: true });
  expect(ran).toEqual(['composer.send', 'composer.sendClose']);
  press('Enter', { ctrl: true });
  expect(ran).toHaveLength(2);
});

test('a dialog keeps its keys', () => {
  press('j', { target: '<div role="dialog"><button id="target"></button></div>' });
  expect(ran).toEqual([]);
});

test('Enter on a button presses the button', () => {
  press('Enter', { target: '<button id="target"></button>' });
  expect(ran).toEqual([]);
  press('Enter');
  expect(ran).toEqual(['conversation.focus']);
});

test('a key that stays down moves on, but acts only once', () => {
  press('j', { repeat: true });
  press('e', { repeat: true });
  expect(ran).toEqual(['list.next']);
});

test('on a keyboard without Latin letters the place of the key counts', () => {
  press('у', { code: 'KeyE' });
  expect(ran).toEqual(['conversation.close']);
});

test('a recorded press is written as bindings are', () => {
  expect(pressOf(press('E', { shift: true }), false)).toBe('Shift+e');
  expect(pressOf(press('k', { ctrl: true }), false)).toBe('$mod+k');
  expect(pressOf(press('?', { shift: true }), false)).toBe('?');
  expect(pressOf(press('Shift', { shift: true }), false)).toBeNull();
});
