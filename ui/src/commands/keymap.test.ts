import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyCaps } from './keyLabel';
import { buildKeymap, canonical, conflicts, isSingleKey } from './keymap';
import { COMMANDS, type CommandName } from './registry';

const defaults = buildKeymap({ overrides: {}, singleKeys: true });

test('no default key is taken twice, nor hidden by the beginning of another', () => {
  const collisions = COMMANDS.flatMap((command) =>
    (defaults.get(command.id) ?? []).flatMap((key) =>
      conflicts(defaults, command.id, key).map((other) => `${command.id} ${key} ${other}`),
    ),
  );
  expect(collisions).toEqual([]);
});

test('ids are unique', () => {
  expect(new Set(COMMANDS.map((command) => command.id)).size).toBe(COMMANDS.length);
});

test('no default binds Alt and a letter, which belong to the menus of Windows', () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  expect(keys.filter((key) => /^Alt\+.$/.test(key))).toEqual([]);
});

test('a key that another command has is a conflict, in whatever order its modifiers are written', () => {
  expect(conflicts(defaults, 'conversation.tag', 'e')).toEqual(['conversation.close']);
  expect(conflicts(defaults, 'conversation.tag', 'E')).toEqual(['conversation.close']);
  expect(conflicts(defaults, 'theme.toggle', 'Shift+$mod+Enter')).toEqual(['composer.sendClose']);
});

test('a key that begins a sequence hides it', () => {
  expect(conflicts(defaults, 'conversation.tag', 'g')).toContain('go.mine');
  expect(conflicts(defaults, 'conversation.tag', 'e x')).toEqual(['conversation.close']);
});

test('keys of the composer and of the list can be the same', () => {
  expect(conflicts(defaults, 'conversation.tag', '$mod+Enter')).toEqual([]);
});

test('with single letters switched off no command hears a plain character', () => {
  const keymap = buildKeymap({ overrides: { 'conversation.tag': ['y', '$mod+y'] }, singleKeys: false });
  const all = [...keymap.values()].flat();
  expect(all.filter(isSingleKey)).toEqual([]);
  expect(keymap.get('conversation.tag')).toEqual(['$mod+y']);
  expect(keymap.get('palette.open')).toEqual(['$mod+k']);
  expect(keymap.get('go.mine')).toEqual([]);
  expect(keymap.get('list.next')).toEqual(['ArrowDown']);
});

test('an override replaces the defaults, an empty one takes every key away', () => {
  const keymap = buildKeymap({
    overrides: { 'conversation.close': [], 'list.next': ['l'] },
    singleKeys: true,
  });
  expect(keymap.get('conversation.close')).toEqual([]);
  expect(keymap.get('list.next')).toEqual(['l']);
});

test('a conflict is seen from both sides', () => {
  const ids = fc.constantFrom(...COMMANDS.map((command) => command.id as CommandName));
  const press = fc.constantFrom('a', 'b', 'g', 'g a', '$mod+k', 'Shift+a', 'F6', 'Enter');
  fc.assert(
    fc.property(ids, ids, press, press, (one, other, keyOfOne, keyOfOther) => {
      fc.pre(one !== other);
      const overrides = { [one]: [keyOfOne], [other]: [keyOfOther] };
      const keymap = buildKeymap({ overrides, singleKeys: true });
      expect(conflicts(keymap, one, keyOfOne).includes(other)).toBe(
        conflicts(keymap, other, keyOfOther).includes(one),
      );
    }),
  );
});

test('the plus key can be bound', () => {
  expect(canonical('$mod++')).toBe('$mod++');
  expect(canonical('Shift+$mod+A')).toBe('$mod+Shift+a');
});

test('keys are shown as people know them', () => {
  expect(keyCaps('$mod+Shift+Enter', false)).toEqual(['Ctrl Shift ↵']);
  expect(keyCaps('$mod+Shift+Enter', true)).toEqual(['⌘⇧↵']);
  expect(keyCaps('g i', false)).toEqual(['G', 'I']);
});
