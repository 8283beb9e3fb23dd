import { ChevronDown } from 'lucide-react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Separator } from 'react-aria-components/Separator';
import { useReadyState } from '../app/queries';
import { useAvailableCommands, useRunCommand } from '../commands/Commands';
import { type CommandName, commandById } from '../commands/registry';
import { Keys } from '../design/Keys';
import menuStyles from '../design/Menu.module.css';
import { useNow } from '../i18n/now';
import { ROLE_NAMES } from '../i18n/roles';
import { useLocalization } from '../i18n/text';
import { connectionText } from './connectionText';
import styles from './TopBar.module.css';

/** Who is signed in, as what, and how the way to the server stands. */
export function AccountMenu() {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const run = useRunCommand();
  const available = useAvailableCommands();
  const { account, connection } = useReadyState();
  const state = connectionText(t, locale, connection, nowMs);
  const item = (command: CommandName) => {
    const text = t(commandById(command).title);
    return (
      <MenuItem id={command} className={menuStyles.item ?? ''} textValue={text}>
        <span>{text}</span>
        <Keys command={command} />
      </MenuItem>
    );
  };
  return (
    <MenuTrigger>
      <AriaButton
        className={styles.account ?? ''}
        aria-label={t('account-menu', { name: account?.name ?? account?.email ?? '', state })}
        data-testid="account-menu"
      >
        <span className={styles.dot} data-state={connection.state} aria-hidden="true" />
        <span className={styles.name}>
          <bdi>{account?.name ?? account?.email}</bdi>
        </span>
        <ChevronDown size={13} strokeWidth={1.75} aria-hidden="true" />
      </AriaButton>
      <Popover className={menuStyles.popover ?? ''} placement="bottom end" offset={4}>
        <Menu
          className={menuStyles.menu ?? ''}
          aria-label={t('account-title')}
          onAction={(key) => run(key as CommandName)}
        >
          <MenuSection>
            <Header className={styles.who ?? ''}>
              <bdi className={styles.whoName}>{account?.name}</bdi>
              <span>{account?.email}</span>
              <span>{account?.role ? t(ROLE_NAMES[account.role] ?? ROLE_NAMES.unknown) : ''}</span>
              <span className={styles.whoState}>
                <span className={styles.dot} data-state={connection.state} aria-hidden="true" />
                {state}
              </span>
            </Header>
            {available.has('connection.retry') ? item('connection.retry') : null}
            {item('go.outbox')}
            {item('settings.open')}
          </MenuSection>
          <Separator className={menuStyles.separator ?? ''} />
          {item('app.lock')}
          {item('account.signOut')}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
