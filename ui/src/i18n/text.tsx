import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';

/** The languages in which every text of the product exists. */
export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Only the catalogue of the language in use is read. */
const CATALOGUES: Record<Language, () => Promise<{ default: string }>> = {
  en: () => import('./locales/en.ftl?raw'),
  es: () => import('./locales/es.ftl?raw'),
};

/** The name of a text in the catalogues. A test refuses names that a catalogue lacks. */
export type TextId = string;
export type TextArguments = Record<string, FluentVariable>;
export type Translate = (id: TextId, args?: TextArguments) => string;

/** Marks a table of text names, so that the completeness test sees them. */
export const textIds = <T extends Record<string, TextId>>(ids: T): T => ids;

/** The best language for a list of BCP 47 tags, most wanted first. */
export function languageFor(tags: readonly string[]): Language {
  for (const tag of tags) {
    const base = tag.toLowerCase().split('-')[0];
    const match = LANGUAGES.find((language) => language === base);
    if (match) return match;
  }
  return 'en';
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

// A right-to-left name inside a left-to-right sentence must not turn the words around it. Only such values are
// isolated: invisible marks around every value would end up in what people copy.
function isolated(args: TextArguments): TextArguments {
  const safe: TextArguments = {};
  for (const [name, value] of Object.entries(args)) {
    safe[name] = typeof value === 'string' && RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
  }
  return safe;
}

/** The system's own form of a language, such as en-GB: its dates and numbers are what people here write. */
export function localeFor(language: Language, tags: readonly string[]): string {
  return tags.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}

/** Builds the translate function of one language from its catalogue. */
export function translator(language: Language, catalogue: string): Translate {
  const bundle = new FluentBundle(language, { useIsolating: false });
  bundle.addResource(new FluentResource(catalogue));
  return (id, args) => {
    const pattern = bundle.getMessage(id)?.value;
    if (!pattern) return id;
    const errors: Error[] = [];
    return bundle.formatPattern(pattern, args ? isolated(args) : null, errors);
  };
}

interface Localization {
  language: Language;
  /** The language with the region of the system, for dates and numbers. */
  locale: string;
  t: Translate;
}

const LocalizationContext = createContext<Localization | null>(null);

/** Gives every text below it. While another language is being read, the one before stands. */
export function LocalizationProvider({ language, children }: { language: Language; children: ReactNode }) {
  const [words, setWords] = useState<{ language: Language; t: Translate } | null>(null);
  useEffect(() => {
    let wanted = true;
    CATALOGUES[language]()
      // Bare names are better than a window without any words.
      .catch(() => ({ default: '' }))
      .then(({ default: catalogue }) => {
        if (wanted) setWords({ language, t: translator(language, catalogue) });
      });
    return () => {
      wanted = false;
    };
  }, [language]);
  const value = useMemo(
    () => words && { ...words, locale: localeFor(words.language, navigator.languages) },
    [words],
  );
  return value ? <LocalizationContext value={value}>{children}</LocalizationContext> : null;
}

/** The translate function of the language in use. */
export function useText(): Translate {
  return useLocalization().t;
}

export function useLocalization(): Localization {
  const value = useContext(LocalizationContext);
  if (!value) throw new Error('A LocalizationProvider must stand above.');
  return value;
}
