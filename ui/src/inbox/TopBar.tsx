import { ChevronDown } from 'lucide-react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { useReadyState } from '../app/queries';
import { useRunCommand } from '../commands/Commands';
import type { CommandName } from '../commands/registry';
import { Keys } from '../design/Keys';
import { Mark } from '../design/Mark';
import menuStyles from '../design/Menu.module.css';
import { useText } from '../i18n/text';
import { SearchBox } from '../search/SearchBox';
import { AccountMenu } from './AccountMenu';
import styles from './TopBar.module.css';

/** The workspace, the search and who is signed in. */
export function TopBar() {
  const t = useText();
  const run = useRunCommand();
  const { workspace } = useReadyState();
  const item = (command: CommandName, text: string) => (
    <MenuItem id={command} className={menuStyles.item ?? ''} textValue={text}>
      <span>{text}</span>
      <Keys command={command} />
    </MenuItem>
  );
  return (
    <header className={styles.bar}>
      <div className={styles.start}>
        <MenuTrigger>
          <AriaButton className={styles.workspace ?? ''} data-testid="workspace-menu">
            <Mark size={20} />
            <span className={styles.name}>
              <bdi>{workspace?.name}</bdi>
            </span>
            <ChevronDown size={13} strokeWidth={1.75} aria-hidden="true" />
          </AriaButton>
          <Popover className={menuStyles.popover ?? ''} placement="bottom start" offset={4}>
            <Menu
              className={menuStyles.menu ?? ''}
              aria-label={t('workspace-menu')}
              onAction={(key) => run(key as CommandName)}
            >
              <MenuSection>
                <Header className={menuStyles.caption ?? ''}>{workspace?.host}</Header>
                {item('palette.open', t('command-palette-open'))}
                {item('keys.show', t('command-keys-show'))}
                {item('settings.open', t('command-settings-open'))}
              </MenuSection>
            </Menu>
          </Popover>
        </MenuTrigger>
      </div>
      <SearchBox />
      <div className={styles.end}>
        <AccountMenu />
      </div>
    </header>
  );
}
