const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

export interface Piece {
  text: string;
  found: boolean;
}

/** Cuts an excerpt into what was searched for and the rest, as the search itself compares: without case and accents,
 * from the beginning of words. */
export function highlight(excerpt: string, query: string): Piece[] {
  const terms = fold(query)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  const pieces: Piece[] = [];
  const push = (text: string, found: boolean) => {
    const last = pieces.at(-1);
    if (text === '') return;
    if (last?.found === found) last.text += text;
    else pieces.push({ text, found });
  };
  for (const token of excerpt.match(/[\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+/gu) ?? []) {
    const folded = fold(token);
    const term = terms.find((wanted) => folded.startsWith(wanted));
    const inside = term ?? terms.find((wanted) => UNSPACED.test(wanted) && folded.includes(wanted));
    if (inside === undefined) push(token, false);
    else if (term !== undefined && folded.length === token.length) {
      push(token.slice(0, term.length), true);
      push(token.slice(term.length), false);
    } else push(token, true);
  }
  return pieces;
}

/** Scripts without spaces between words match anywhere. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/;
