import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkPieces, realHost, safeUrl, showsItsHost, visible } from './links';

const urls = (text: string) => linkPieces(text).flatMap((piece) => (piece.url ? [piece.url] : []));

test('addresses in text are found without the sentence around them', () => {
  expect(urls('See https://a.example/b, or (http://c.example/d).')).toEqual([
    'https://a.example/b',
    'http://c.example/d',
  ]);
  expect(urls('https://a.example/wiki/Cat_(animal)')).toEqual(['https://a.example/wiki/Cat_(animal)']);
  expect(urls('Write to ana@mail.example.')).toEqual(['mailto:ana@mail.example']);
  expect(urls('“https://a.example”')).toEqual(['https://a.example']);
});

test('what is no address stays text', () => {
  expect(urls('javascript:alert(1) data:text/html,x file:///etc/passwd ftp://a.example')).toEqual([]);
  expect(urls('10:30 a/b and/or @somebody')).toEqual([]);
});

test('no sign of a text is lost or moved', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(
        linkPieces(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }),
  );
  const words = fc.constantFrom(
    'https://a.example',
    'b',
    ' ',
    '.',
    ')',
    '(',
    'http://',
    '@',
    'x@y.example',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(words), (parts) => {
      expect(
        linkPieces(parts.join(''))
          .map((piece) => piece.text)
          .join(''),
      ).toBe(parts.join(''));
    }),
  );
});

test('only schemes that may leave the program are links', () => {
  fc.assert(
    fc.property(fc.webUrl({ validSchemes: ['http', 'https', 'ftp', 'javascript', 'file', 'ws'] }), (url) => {
      expect(safeUrl(url) !== null).toBe(/^https?:/.test(url));
    }),
  );
});

test('the real host is in letters that cannot deceive', () => {
  expect(realHost('https://аpple.example/login')).toBe('xn--pple-43d.example');
  expect(realHost('https://user:pw@evil.example/https://bank.example')).toBe('evil.example');
  expect(realHost('mailto:a@b.example')).toBe('a@b.example');
  expect(realHost('javascript:alert(1)')).toBe('');
});

test('a link whose words show another place says where it leads', () => {
  expect(showsItsHost('https://bank.example/a', 'https://bank.example/a')).toBe(true);
  expect(showsItsHost('bank.example', 'https://bank.example/a')).toBe(true);
  expect(showsItsHost('ana@mail.example', 'mailto:ana@mail.example')).toBe(true);
  expect(showsItsHost('https://bank.example', 'https://evil.example')).toBe(false);
  expect(showsItsHost('here', 'https://evil.example')).toBe(false);
  expect(showsItsHost('аpple.example', 'https://apple.example')).toBe(false);
  expect(showsItsHost('bank.example\u202e', 'https://bank.example')).toBe(false);
});

test('invisible signs become visible', () => {
  expect(visible('a\u202eb\u200bc')).toBe('a⟨U+202E⟩b⟨U+200B⟩c');
  expect(visible('سلام')).toBe('سلام');
});
