export interface TextPiece {
  text: string;
  /** Where it leads, for a link. */
  url?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`]+|\bmailto:[^\s<>"'`]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const TRAILING = /[.,;:!?'"»”’)\]}]+$/;

/** Takes off what belongs to the sentence rather than to the link, but keeps a closed pair of brackets. */
function trimLink(found: string): string {
  let link = found;
  for (;;) {
    const tail = TRAILING.exec(link)?.[0];
    if (!tail) return link;
    const last = link.at(-1) ?? '';
    const opener = { ')': '(', ']': '[', '}': '{' }[last];
    if (opener && count(link, opener) >= count(link, last)) return link;
    link = link.slice(0, -1);
  }
}

const count = (text: string, sign: string) => text.split(sign).length - 1;

/** Cuts plain text into text and links. */
export function linkPieces(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    const url = /^(https?|mailto):/i.test(link) ? link : `mailto:${link}`;
    if (!safeUrl(url)) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    pieces.push({ text: link, url });
    from = match.index + link.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

const SCHEMES = new Set(['https:', 'http:', 'mailto:', 'tel:']);

/** The address, if its scheme may leave the program at all; the program itself decides in the end. */
export function safeUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Where a link really leads, in letters that cannot deceive: foreign scripts in host names stay in their coded form
 * (`xn--…`), which is what `URL` gives. */
export function realHost(url: string): string {
  const parsed = safeUrl(url);
  if (!parsed) return '';
  if (parsed.protocol === 'mailto:' || parsed.protocol === 'tel:') return parsed.pathname;
  return parsed.host;
}

// Characters without a shape, and those that turn the direction of what follows.
const INVISIBLE =
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** The text with invisible signs made visible, for what must be read exactly. */
export function visible(text: string): string {
  return text.replace(
    INVISIBLE,
    (sign) => `\u27e8U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27e9`,
  );
}

/** Whether the words of a link show its real host, so that nothing more has to be said. */
export function showsItsHost(words: string, url: string): boolean {
  const host = realHost(url);
  if (host === '' || visible(words) !== words) return false;
  const shown = safeUrl(words) ?? safeUrl(`https://${words.trim()}`) ?? safeUrl(`mailto:${words.trim()}`);
  return (shown !== null && shown.host === host && host !== '') || words.trim() === host;
}
