import { useText } from '../i18n/text';
import { ChoiceGroup } from '../settings/ChoiceGroup';

/** For how long a personal link is good. */
export type Lifetime = 'hour' | 'day' | 'three-days';

/** In seconds. The server takes no less than ten minutes, and no more than the last. */
export const LIFETIME_S: Record<Lifetime, number> = {
  hour: 3_600,
  day: 86_400,
  'three-days': 259_200,
};

interface LifetimeChoiceProps {
  value: Lifetime;
  onChange: (lifetime: Lifetime) => void;
}

/** How long the link may lie somewhere before it opens nothing any more. */
export function LifetimeChoice({ value, onChange }: LifetimeChoiceProps) {
  const t = useText();
  return (
    <ChoiceGroup
      title={t('people-lifetime')}
      value={value}
      choices={[
        { value: 'hour', label: t('people-lifetime-hour'), hint: t('people-lifetime-hour-hint') },
        { value: 'day', label: t('people-lifetime-day') },
        { value: 'three-days', label: t('people-lifetime-three-days') },
      ]}
      onChange={onChange}
    />
  );
}
