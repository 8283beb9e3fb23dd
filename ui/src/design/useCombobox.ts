import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';

interface ComboboxOptions {
  count: number;
  /** The option that is active before one goes elsewhere, if not the very first. */
  first?: number;
  /** Changes whenever the options do, so that the first one is active again. */
  resetKey: string;
  onChoose: (index: number) => void;
}

/** The keyboard of a text field with a list of options below it (ARIA combobox with `aria-activedescendant`). */
export function useCombobox({ count, first = 0, resetKey, onChoose }: ComboboxOptions) {
  const id = useId();
  const [state, setState] = useState<{ key: string; index: number } | null>(null);
  const wanted = state?.key === resetKey ? state.index : first;
  const active = Math.min(wanted, Math.max(0, count - 1));
  const list = useRef<HTMLDivElement>(null);
  const setActive = (index: number) => setState({ key: resetKey, index });
  const optionId = (index: number) => `${id}-option-${index}`;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || count === 0) return;
    const move = (index: number) => {
      event.preventDefault();
      setActive((index + count) % count);
    };
    const down = event.key === 'ArrowDown' || (event.ctrlKey && event.key === 'n');
    const up = event.key === 'ArrowUp' || (event.ctrlKey && event.key === 'p');
    if (down) move(active + 1);
    else if (up) move(active - 1);
    else if (event.key === 'PageDown') move(Math.min(count - 1, active + 8));
    else if (event.key === 'PageUp') move(Math.max(0, active - 8));
    else if (event.key === 'Enter') {
      event.preventDefault();
      onChoose(active);
    }
  };

  return {
    active,
    inputProps: {
      role: 'combobox' as const,
      'aria-expanded': count > 0,
      'aria-controls': `${id}-list`,
      'aria-autocomplete': 'list' as const,
      'aria-activedescendant': count > 0 ? optionId(active) : undefined,
      autoComplete: 'off',
      spellCheck: false,
      onKeyDown,
    },
    listProps: { id: `${id}-list`, role: 'listbox' as const, ref: list },
    optionProps: (index: number) => ({
      id: optionId(index),
      role: 'option' as const,
      'aria-selected': index === active,
      onPointerMove: () => index !== active && setActive(index),
      // The field keeps the focus.
      onPointerDown: (event: { preventDefault: () => void }) => event.preventDefault(),
      onClick: () => onChoose(index),
    }),
  };
}
