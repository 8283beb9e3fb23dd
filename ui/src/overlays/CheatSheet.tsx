import { ui } from '../app/uiState';
import { useKeymap } from '../commands/Commands';
import { SECTION_TITLES, type Section } from '../commands/registry';
import { useListedCommands } from '../commands/useListedCommands';
import { Dialog } from '../design/Dialog';
import { KeyCaps } from '../design/Keys';
import { useText } from '../i18n/text';
import styles from './CheatSheet.module.css';

const COLUMNS: readonly (readonly Section[])[] = [
  ['list', 'writing', 'general'],
  ['conversation', 'navigation'],
];

/** Every key on one page. */
export function CheatSheet() {
  const t = useText();
  const keymap = useKeymap();
  const commands = useListedCommands();
  return (
    <Dialog title={t('settings-keys')} onClose={ui.close} width="large" closable testId="cheat-sheet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable by keyboard */}
      <div className={styles.sheet} tabIndex={0}>
        {COLUMNS.map((sections) => (
          <div key={sections.join()} className={styles.column}>
            {sections.map((section) => (
              <section key={section}>
                <h3 className={styles.heading}>{t(SECTION_TITLES[section])}</h3>
                <dl>
                  {commands
                    .filter((command) => command.section === section)
                    .map((command) => {
                      const keys = keymap.get(command.id) ?? [];
                      if (keys.length === 0) return null;
                      return (
                        <div key={command.id} className={styles.line}>
                          <dt>{t(command.title)}</dt>
                          <dd>
                            {keys.map((sequence, index) => (
                              <span key={sequence} className={styles.alternative}>
                                {index > 0 ? <span>{t('or')}</span> : null}
                                <KeyCaps sequence={sequence} />
                                <span className="offscreen">{sequence}</span>
                              </span>
                            ))}
                          </dd>
                        </div>
                      );
                    })}
                </dl>
              </section>
            ))}
          </div>
        ))}
      </div>
    </Dialog>
  );
}
