import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FluentResource } from '@fluent/bundle';
import { expect, test } from 'vitest';
import { LANGUAGES, languageFor, localeFor, translator } from './text';

const ROOT = join(import.meta.dirname, '..');

const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
  .map((path) => readFileSync(join(ROOT, path), 'utf8'));

const catalogue = (language: string) => readFileSync(join(ROOT, `i18n/locales/${language}.ftl`), 'utf8');

const idsOf = (language: string) =>
  [...catalogue(language).matchAll(/^([a-z][a-z0-9-]*) =/gm)].map((match) => match[1] ?? '');

/** Names of texts where they are used: in `t(…)`, in a table marked with `textIds`, and in the command registry. */
function usedIds(): Set<string> {
  const used = new Set<string>();
  const add = (code: string) => {
    for (const match of code.matchAll(/'([a-z][a-z0-9]*(?:-[a-z0-9]+)*)'/g)) used.add(match[1] ?? '');
  };
  for (const source of sources) {
    // The first argument of t(…) up to its comma or end, choices between two names included.
    for (const match of source.matchAll(/\bt\(\s*([^,()]*(?:\([^()]*\)[^,()]*)*)[,)]/g))
      add(afterQuestion(match[1] ?? ''));
    for (const match of source.matchAll(/textIds\(\{([^}]*)\}\)/g))
      add((match[1] ?? '').replace(/[\w]+:/g, ''));
    for (const match of source.matchAll(/command\(\s*'[\w.]+',\s*('[a-z-]+')/g)) add(match[1] ?? '');
  }
  return used;
}

/** In `a === 'x' ? 'one' : 'two'` only what stands after the question mark are names. */
const afterQuestion = (expression: string) =>
  expression.includes('?') ? expression.slice(expression.indexOf('?')) : expression;

test('every text exists in every language', () => {
  const [first, ...others] = LANGUAGES.map((language) => idsOf(language).sort());
  expect(first?.length).toBeGreaterThan(300);
  for (const other of others) expect(other).toEqual(first);
});

test('no text is defined twice', () => {
  for (const language of LANGUAGES) {
    const ids = idsOf(language);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  }
});

test('every text that a screen uses exists', () => {
  const known = new Set(idsOf('en'));
  expect([...usedIds()].filter((id) => !known.has(id))).toEqual([]);
});

test('every text that exists is used by a screen', () => {
  const used = usedIds();
  expect(idsOf('en').filter((id) => !used.has(id))).toEqual([]);
});

test('every text can be read by the parser and names the same values in both languages', () => {
  const valuesOf = (language: string) => {
    const resource = new FluentResource(catalogue(language));
    return new Map(
      resource.body.map((entry) => [
        entry.id,
        [...new Set(JSON.stringify(entry.value).match(/"type":"var","name":"\w+"/g) ?? [])].sort(),
      ]),
    );
  };
  const [english, spanish] = [valuesOf('en'), valuesOf('es')];
  expect(english.size).toBe(idsOf('en').length);
  for (const [id, values] of english) {
    const own = spanish.get(id) ?? [];
    // Spanish verbs change with who acts, so its events ask for that as well.
    const allowed = [...values, '"type":"var","name":"mine"'];
    expect(
      values.filter((value) => !own.includes(value)),
      id,
    ).toEqual([]);
    expect(
      own.filter((value) => !allowed.includes(value)),
      id,
    ).toEqual([]);
  }
});

test('plurals follow the language', () => {
  expect(translator('en', catalogue('en'))('sidebar-unread', { count: 1 })).toBe('1 unread');
  expect(translator('es', catalogue('es'))('thread-news', { count: 2 })).toBe('2 mensajes nuevos');
  expect(translator('es', catalogue('es'))('status-offline', { count: 0, since: '9:57' })).toBe(
    'Sin conexión desde 9:57',
  );
});

test('a right-to-left name does not turn the sentence around it', () => {
  expect(translator('en', catalogue('en'))('done-assigned', { name: 'نور' })).toBe(
    'Assigned to \u2068نور\u2069',
  );
  expect(translator('en', catalogue('en'))('done-assigned', { name: 'Ben' })).toBe('Assigned to Ben');
});

test('the language follows the system, and so does its region', () => {
  expect(languageFor(['de-DE', 'es-MX', 'en'])).toBe('es');
  expect(languageFor(['fr'])).toBe('en');
  expect(localeFor('en', ['es-ES', 'en-GB'])).toBe('en-GB');
  expect(localeFor('es', ['en-GB'])).toBe('es');
});
