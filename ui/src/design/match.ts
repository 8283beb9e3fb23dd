const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** How well `text` answers `query`, 0 for not at all. Case and accents do not count; each word of the query has to
 * begin a word of the text, stand inside it, or, for one word, be its initials. */
export function matchScore(text: string, query: string): number {
  const haystack = fold(text);
  const words = haystack.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  let score = 0;
  for (const part of wanted) {
    const place = words.findIndex((word) => word.startsWith(part));
    if (place === 0) score += 4;
    else if (place > 0) score += 3;
    else if (haystack.includes(part)) score += 1;
    else if (wanted.length === 1 && initialsOf(words).startsWith(part)) score += 2;
    else return 0;
  }
  return haystack.startsWith(fold(query)) ? score + 2 : score;
}

const initialsOf = (words: readonly string[]) => words.map((word) => word[0] ?? '').join('');
