import { useSaveSettings, useSettings } from '../app/queries';
import { useText } from '../i18n/text';
import { ChoiceGroup } from './ChoiceGroup';

export function GeneralSettings() {
  const t = useText();
  const settings = useSettings();
  const save = useSaveSettings();
  return (
    <>
      <ChoiceGroup
        title={t('settings-language')}
        value={settings.language}
        onChange={(language) => save({ language })}
        choices={[
          { value: 'system', label: t('settings-as-system') },
          { value: 'en', label: 'English' },
          { value: 'es', label: 'Español' },
        ]}
      />
      <ChoiceGroup
        title={t('settings-theme')}
        value={settings.theme}
        onChange={(theme) => save({ theme })}
        choices={[
          { value: 'system', label: t('settings-as-system') },
          { value: 'light', label: t('settings-theme-light') },
          { value: 'dark', label: t('settings-theme-dark') },
        ]}
      />
      <ChoiceGroup
        title={t('settings-density')}
        value={settings.density}
        onChange={(density) => save({ density })}
        choices={[
          { value: 'comfortable', label: t('settings-density-comfortable') },
          { value: 'compact', label: t('settings-density-compact') },
        ]}
      />
    </>
  );
}

export function NotificationSettings() {
  const t = useText();
  const settings = useSettings();
  const save = useSaveSettings();
  return (
    <ChoiceGroup
      title={t('settings-notifications-title')}
      hint={t('settings-notifications-hint')}
      value={settings.notifications}
      onChange={(notifications) => save({ notifications })}
      choices={[
        { value: 'full', label: t('notifications-full'), hint: t('notifications-full-hint') },
        { value: 'sender', label: t('notifications-sender'), hint: t('notifications-sender-hint') },
        { value: 'hidden', label: t('notifications-hidden'), hint: t('notifications-hidden-hint') },
        { value: 'off', label: t('notifications-off') },
      ]}
    />
  );
}
