/** The longest message that the server takes, in bytes of UTF-8. */
export const MAX_BODY_BYTES = 1_048_576;

export type TextProblem = 'empty' | 'too_long' | null;

const encoder = new TextEncoder();

/** Whether a text can be sent. U+0000 is not counted: it is replaced at every edge. */
export function textProblem(text: string): TextProblem {
  if (text.trim() === '') return 'empty';
  // Only a text that could be too long is measured.
  if (text.length * 3 > MAX_BODY_BYTES && encoder.encode(text).length > MAX_BODY_BYTES) return 'too_long';
  return null;
}

/** What is sent: lines end in one way, nothing blank at either end, no U+0000. */
export const sentText = (text: string) => text.replace(/\r\n?/g, '\n').replaceAll('\u0000', '\ufffd').trim();

/** What came first, then what came later; nothing of either is lost. */
export const joined = (first: string, then: string) => (then.trim() === '' ? first : `${first}\n\n${then}`);
