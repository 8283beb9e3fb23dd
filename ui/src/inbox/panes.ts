/** Which panes can be resized, with their widths in pixels. */
export const PANES = {
  sidebar: { initial: 196, smallest: 160, largest: 320 },
  list: { initial: 324, smallest: 240, largest: 560 },
  details: { initial: 244, smallest: 200, largest: 420 },
} as const;

export type PaneName = keyof typeof PANES;
type Layout = Readonly<Record<string, number | undefined>>;

export const clampWidth = (pane: PaneName, width: number) =>
  Math.round(Math.min(PANES[pane].largest, Math.max(PANES[pane].smallest, width)));

export const paneWidth = (layout: Layout, pane: PaneName) =>
  clampWidth(pane, layout[pane] ?? PANES[pane].initial);

export const isFolded = (layout: Layout, pane: PaneName) => layout[`${pane}_folded`] === 1;

/** Moves the focus to the next pane that is on the screen, and there to what takes the keys. */
export function focusPane(step: 1 | -1) {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(
    (pane) => pane.getClientRects().length > 0,
  );
  const current = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(current + step + panes.length) % panes.length] ?? panes[0];
  const target =
    next?.querySelector<HTMLElement>('[data-pane-focus]') ??
    next?.querySelector<HTMLElement>('[aria-current]') ??
    next?.querySelector<HTMLElement>('button:not([disabled]),input,textarea,[tabindex="0"]');
  target?.focus();
}
