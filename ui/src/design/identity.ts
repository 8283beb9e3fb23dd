/** How many avatar colours there are; see Avatar.module.css. */
export const TINTS = 10;

/** The avatar colour of an id: the same on every machine. */
export function tint(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % TINTS;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function firstGrapheme(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}

const LETTER = /[\p{L}\p{N}]/u;

/** One or two letters for a name: first and last word, or the first sign of a name without spaces. */
export function initials(name: string): string {
  const words = name.split(/[\s_.@-]+/).filter((word) => LETTER.test(word));
  const first = words[0];
  if (!first) return '?';
  const last = words.length > 1 ? words.at(-1) : undefined;
  return (firstGrapheme(first) + (last ? firstGrapheme(last) : '')).toLocaleUpperCase();
}
