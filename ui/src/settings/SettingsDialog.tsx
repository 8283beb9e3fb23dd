import {
  Bell,
  Info,
  Keyboard,
  type LucideIcon,
  MonitorSmartphone,
  ShieldCheck,
  SlidersHorizontal,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components/Tabs';
import { ui, useUi } from '../app/uiState';
import { Dialog } from '../design/Dialog';
import { type TextId, textIds, useText } from '../i18n/text';
import { SecuritySettings } from '../security/SecuritySettings';
import { SessionSettings } from '../security/SessionSettings';
import { AboutSettings } from './AboutSettings';
import { GeneralSettings, NotificationSettings } from './GeneralSettings';
import { KeySettings } from './KeySettings';
import styles from './SettingsDialog.module.css';

const TITLES: Record<string, TextId> = textIds({
  general: 'settings-general',
  notifications: 'settings-notifications',
  keys: 'settings-keys',
  security: 'settings-security',
  sessions: 'settings-sessions',
  about: 'settings-about',
});

const SECTIONS: { id: string; icon: LucideIcon; content: () => ReactNode }[] = [
  { id: 'general', icon: SlidersHorizontal, content: () => <GeneralSettings /> },
  { id: 'notifications', icon: Bell, content: () => <NotificationSettings /> },
  { id: 'keys', icon: Keyboard, content: () => <KeySettings /> },
  { id: 'security', icon: ShieldCheck, content: () => <SecuritySettings /> },
  { id: 'sessions', icon: MonitorSmartphone, content: () => <SessionSettings /> },
  { id: 'about', icon: Info, content: () => <AboutSettings /> },
];

/** What the agent chose on this machine. Everything applies at once. */
export function SettingsDialog() {
  const t = useText();
  const section = useUi(({ overlay }) => (overlay?.type === 'settings' ? overlay.section : undefined));
  return (
    <Dialog title={t('settings-title')} onClose={ui.close} width="large" closable testId="settings">
      <Tabs orientation="vertical" className={styles.tabs ?? ''} defaultSelectedKey={section ?? 'general'}>
        <TabList className={styles.list ?? ''} aria-label={t('settings-title')}>
          {SECTIONS.map(({ id, icon: Icon }) => (
            <Tab key={id} id={id} className={styles.tab ?? ''} data-testid={`settings-${id}`}>
              <Icon size={15} strokeWidth={1.75} aria-hidden="true" />
              {t(TITLES[id] ?? '')}
            </Tab>
          ))}
        </TabList>
        {SECTIONS.map(({ id, content }) => (
          <TabPanel key={id} id={id} className={styles.panel ?? ''}>
            {content()}
          </TabPanel>
        ))}
      </Tabs>
    </Dialog>
  );
}
