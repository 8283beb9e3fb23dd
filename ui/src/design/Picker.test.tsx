import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { CommandsProvider } from '../commands/Commands';
import { buildKeymap } from '../commands/keymap';
import { LocalizationProvider } from '../i18n/text';
import { Picker } from './Picker';

test('of a thousand options the first and the last are listed, and typing finds any of them', async () => {
  const options = Array.from({ length: 1_000 }, (_, n) => ({ id: `${n}`, label: `Teammate ${n}.` }));
  render(
    <LocalizationProvider language="en">
      <CommandsProvider keymap={buildKeymap({ overrides: {}, singleKeys: true })} onBlocked={() => undefined}>
        <Picker
          title="Assign"
          placeholder=""
          options={options}
          onChoose={() => undefined}
          onClose={() => undefined}
          testId="field"
        />
      </CommandsProvider>
    </LocalizationProvider>,
  );
  await screen.findAllByRole('option');
  const listed = () => screen.getAllByRole('option').map((option) => option.textContent);
  expect(listed().length).toBe(100);
  expect(listed().at(-1)).toBe('Teammate 999.');
  screen.getByText('900 more. Type to find them.');
  await userEvent.type(screen.getByTestId('field'), '731');
  expect(listed()).toEqual(['Teammate 731.']);
});
