import {
  Bell,
  Info,
  Keyboard,
  type LucideIcon,
  MonitorSmartphone,
  ShieldCheck,
  ShieldPlus,
  SlidersHorizontal,
  Users,
} from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components/Tabs';
import { useReadyState } from '../app/queries';
import { type SettingsSection, ui } from '../app/uiState';
import type { Permission, TeammateId } from '../bindings/protocol';
import { Dialog } from '../design/Dialog';
import { type TextId, textIds, useText } from '../i18n/text';
import { People } from '../people/People';
import { Checkup } from '../security/Checkup';
import { SecuritySettings } from '../security/SecuritySettings';
import { SessionSettings } from '../security/SessionSettings';
import { AboutSettings } from './AboutSettings';
import { GeneralSettings, NotificationSettings } from './GeneralSettings';
import { KeySettings } from './KeySettings';
import { LeavingQuestion } from './leaving';
import styles from './SettingsDialog.module.css';

const TITLES: Record<string, TextId> = textIds({
  general: 'settings-general',
  notifications: 'settings-notifications',
  keys: 'settings-keys',
  security: 'settings-security',
  sessions: 'settings-sessions',
  checkup: 'settings-checkup',
  people: 'settings-people',
  about: 'settings-about',
});

/** What somebody asked for: the section that is opened, whose sessions, for an admin, and whether to invite. */
interface Opened {
  section?: SettingsSection;
  whose?: TeammateId | null;
  inviting?: boolean;
}

interface Section {
  id: SettingsSection;
  icon: LucideIcon;
  content: (opened: Opened) => ReactNode;
  /** What it needs; without it nobody sees that it is there. */
  needs?: Permission;
}

const SECTIONS: Section[] = [
  { id: 'general', icon: SlidersHorizontal, content: () => <GeneralSettings /> },
  { id: 'notifications', icon: Bell, content: () => <NotificationSettings /> },
  { id: 'keys', icon: Keyboard, content: () => <KeySettings /> },
  { id: 'security', icon: ShieldCheck, content: () => <SecuritySettings /> },
  {
    id: 'sessions',
    icon: MonitorSmartphone,
    content: ({ whose = null }) => <SessionSettings of={whose} />,
  },
  { id: 'checkup', icon: ShieldPlus, content: () => <Checkup />, needs: 'security.manage' },
  {
    id: 'people',
    icon: Users,
    content: ({ inviting = false }) => <People inviting={inviting} />,
    needs: 'teammate.invite',
  },
  { id: 'about', icon: Info, content: () => <AboutSettings /> },
];

interface SettingsDialogProps {
  /** Anew each time somebody asks. */
  opened: Opened;
}

/** What the agent chose on this machine, and for admins, what protects the workspace. Everything applies at once. */
export function SettingsDialog({ opened }: SettingsDialogProps) {
  const { section = 'general' } = opened;
  const t = useText();
  const { account } = useReadyState();
  const [selected, setSelected] = useState<SettingsSection>(section);
  const list = useRef<HTMLDivElement>(null);
  const before = useRef(opened);
  useEffect(() => {
    if (before.current === opened) return;
    // Somebody was led here from another section, whose button is gone.
    before.current = opened;
    setSelected(section);
    list.current?.querySelector<HTMLElement>(`[data-testid="settings-${section}"]`)?.focus();
  }, [opened, section]);
  const sections = SECTIONS.filter(({ needs }) => !needs || account?.permissions.includes(needs));
  return (
    <LeavingQuestion>
      {(leave, question) => (
        <Dialog
          title={t('settings-title')}
          onClose={() => leave(ui.close)}
          width="large"
          closable
          testId="settings"
        >
          <Tabs
            orientation="vertical"
            className={styles.tabs ?? ''}
            selectedKey={selected}
            onSelectionChange={(key) => {
              if (key !== selected) leave(() => setSelected(key as SettingsSection));
            }}
          >
            <TabList ref={list} className={styles.list ?? ''} aria-label={t('settings-title')}>
              {sections.map(({ id, icon: Icon }) => (
                <Tab key={id} id={id} className={styles.tab ?? ''} data-testid={`settings-${id}`}>
                  <Icon size={15} strokeWidth={1.75} aria-hidden="true" />
                  {t(TITLES[id] ?? '')}
                </Tab>
              ))}
            </TabList>
            {sections.map(({ id, content }) => (
              <TabPanel key={id} id={id} className={styles.panel ?? ''}>
                {content(opened)}
              </TabPanel>
            ))}
          </Tabs>
          {question}
        </Dialog>
      )}
    </LeavingQuestion>
  );
}
