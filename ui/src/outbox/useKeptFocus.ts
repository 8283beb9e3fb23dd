import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react';

interface Row {
  index: number;
  start: number;
  end: number;
}

/** Keeps the focus in the list when what has it goes: because it went out, or because it was scrolled out of sight. It
 * goes to the row that took its place, else to the nearest one in sight, and without any to the page. */
export function useKeptFocus(page: RefObject<HTMLElement | null>, rows: readonly Row[]) {
  const held = useRef<{ element: HTMLElement; index: number } | null>(null);
  useLayoutEffect(() => {
    const element = page.current;
    const before = held.current;
    if (!element || !before) return;
    if (before.element.isConnected) {
      before.index = indexOf(before.element) ?? before.index;
      return;
    }
    held.current = null;
    // Who has gone elsewhere meanwhile stays there.
    if (document.activeElement !== document.body) return;
    const { scrollTop, clientHeight } = element;
    const inSight = rows.filter(({ start, end }) => end > scrollTop && start < scrollTop + clientHeight);
    const next = inSight.find(({ index }) => index >= before.index) ?? inSight.at(-1);
    const button = next && element.querySelector<HTMLElement>(`[data-index="${next.index}"] button`);
    (button ?? element).focus({ preventScroll: true });
  });
  return {
    onFocus: ({ target }: FocusEvent<HTMLElement>) => {
      const index = indexOf(target);
      held.current = index === null ? null : { element: target as HTMLElement, index };
    },
    // A window that loses the focus gives it back to the same element, or to what took its place.
    onBlur: ({ target }: FocusEvent<HTMLElement>) => {
      if (document.activeElement !== target) held.current = null;
    },
  };
}

function indexOf(element: Element): number | null {
  const index = element.closest<HTMLElement>('[data-index]')?.dataset.index;
  return index === undefined ? null : Number(index);
}
