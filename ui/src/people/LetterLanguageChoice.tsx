import type { LetterLanguage } from '../bindings/protocol';
import { useText } from '../i18n/text';
import { ChoiceGroup } from '../settings/ChoiceGroup';

interface LetterLanguageChoiceProps {
  value: LetterLanguage;
  onChange: (language: LetterLanguage) => void;
}

/** In which language the text around a link is written. Each is named in itself. */
export function LetterLanguageChoice({ value, onChange }: LetterLanguageChoiceProps) {
  const t = useText();
  return (
    <ChoiceGroup
      title={t('people-letter-language')}
      value={value}
      choices={[
        { value: 'en', label: 'English' },
        { value: 'es', label: 'Español' },
      ]}
      onChange={onChange}
    />
  );
}
