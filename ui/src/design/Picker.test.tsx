import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { CommandsProvider } from '../commands/Commands';
import { buildKeymap } from '../commands/keymap';
import { LocalizationProvider } from '../i18n/text';
import { Picker, type PickerOption } from './Picker';

const teammates = (current: number | null): PickerOption[] =>
  Array.from({ length: 1_000 }, (_, n) => ({ id: `${n}`, label: `Teammate ${n}.`, checked: n === current }));

async function show(options: PickerOption[]) {
  const chosen: string[] = [];
  render(
    <LocalizationProvider language="en">
      <CommandsProvider keymap={buildKeymap({ overrides: {}, singleKeys: true })} onBlocked={() => undefined}>
        <Picker
          title="Assign"
          placeholder=""
          options={options}
          onChoose={(id) => chosen.push(id)}
          onClose={() => undefined}
          testId="field"
        />
      </CommandsProvider>
    </LocalizationProvider>,
  );
  await screen.findAllByRole('option');
  return { chosen, listed: () => screen.getAllByRole('option').map((option) => option.textContent) };
}

test('of a thousand options the first and the last are listed, and typing finds any of them', async () => {
  const { listed } = await show(teammates(null));
  expect(listed().length).toBe(100);
  expect(listed().at(-1)).toBe('Teammate 999.');
  screen.getByText('900 more. Type to find them.');
  await userEvent.type(screen.getByTestId('field'), '731');
  expect(listed()).toEqual(['Teammate 731.']);
});

test('the current choice is listed wherever it stands, and Enter still chooses the first of all', async () => {
  const { chosen, listed } = await show(teammates(731));
  expect(listed().slice(0, 2)).toEqual(['Teammate 731.current', 'Teammate 0.']);
  expect([listed().length, listed().at(-1)]).toEqual([100, 'Teammate 999.']);
  await userEvent.type(screen.getByTestId('field'), '{Enter}');
  expect(chosen).toEqual(['0']);
  await userEvent.type(screen.getByTestId('field'), '{ArrowUp}{Enter}');
  expect(chosen).toEqual(['0', '731']);
});

test('a current choice that is listed anyway keeps its place', async () => {
  const { listed } = await show(teammates(98));
  expect(listed()[98]).toBe('Teammate 98.current');
});
