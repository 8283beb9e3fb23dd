import type { ListKey } from '../bindings/protocol';

/** How many rows are held at most. Of those above them only where their pages begin is known. */
export const MOST_ROWS = 1_000;

/** A page of a list: after which key it begins, and how many rows it had when it was read. */
export interface Page {
  after: ListKey | null;
  count: number;
}

/** Which part of a list is held: the pages above it, and its own. */
export interface ListWindow {
  above: readonly Page[];
  pages: readonly Page[];
}

export const TOP: ListWindow = { above: [], pages: [] };

const rowsOf = (pages: readonly Page[]) => pages.reduce((rows, page) => rows + page.count, 0);

/** How many rows lie above those that are held. */
export const rowsAbove = (window: ListWindow) => rowsOf(window.above);

/** After which key the held rows begin. */
export const beginning = (window: ListWindow): ListKey | null => window.pages[0]?.after ?? null;

/** The window one page further down, without the pages at its top that are too many by then. */
export function extended(window: ListWindow, page: Page): ListWindow {
  const above = [...window.above];
  let pages = [...window.pages, page];
  while (pages.length > 1 && rowsOf(pages) > MOST_ROWS) {
    above.push(...pages.slice(0, 1));
    pages = pages.slice(1);
  }
  return { above, pages };
}

/** The window moved up so far that it begins at or above the row `index` of the whole list. */
export function movedUp(window: ListWindow, index: number): ListWindow {
  const above = [...window.above];
  const pages = [...window.pages];
  while (above.length > 0 && rowsOf(above) > index) {
    pages.unshift(...above.splice(-1));
  }
  return { above, pages };
}
