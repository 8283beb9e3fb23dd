import { useEffect, useRef, useState } from 'react';
import { useSaveSettings, useSettings } from '../app/queries';
import { useKeymap } from '../commands/Commands';
import { conflicts } from '../commands/keymap';
import { pressOf } from '../commands/recording';
import { type Command, type CommandName, commandById, SECTION_TITLES } from '../commands/registry';
import { useListedCommands } from '../commands/useListedCommands';
import { Button } from '../design/Button';
import { KeyCaps } from '../design/Keys';
import { useText } from '../i18n/text';
import { Toggle } from './ChoiceGroup';
import styles from './KeySettings.module.css';

/** After this pause a recorded sequence is complete. */
const COMPLETE_MS = 900;

/** Every command with its keys, each of which can be changed. */
export function KeySettings() {
  const t = useText();
  const settings = useSettings();
  const save = useSaveSettings();
  const commands = useListedCommands();
  const changed = Object.keys(settings.keys).length > 0;
  return (
    <>
      <Toggle
        title={t('settings-single-keys')}
        hint={t('settings-single-keys-hint')}
        checked={settings.single_letter_keys}
        onChange={(single_letter_keys) => save({ single_letter_keys })}
        testId="settings-single-keys"
      />
      <Button disabled={!changed} onPress={() => save({ keys: {} })}>
        {t('keys-reset-all')}
      </Button>
      {Object.entries(SECTION_TITLES).map(([section, title]) => (
        <section key={section} className={styles.section}>
          <h3 className={styles.heading}>{t(title)}</h3>
          <ul>
            {commands
              .filter((command) => command.section === section)
              .map((command) => (
                <KeyLine key={command.id} command={command} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function KeyLine({ command }: { command: Command }) {
  const t = useText();
  const { keys } = useSettings();
  const save = useSaveSettings();
  const keymap = useKeymap();
  const [recording, setRecording] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null);
  const own = keys[command.id] ?? command.keys;
  const overridden = command.id in keys;
  const title = t(command.title);
  const taken = wanted === null ? [] : conflicts(keymap, command.id, wanted);

  const set = (sequence: string, from: readonly CommandName[]) => {
    const next: Record<string, string[]> = { ...keys, [command.id]: [sequence] };
    for (const other of from) {
      const lost = new Set(conflictingKeys(other, sequence));
      next[other] = (keymap.get(other) ?? []).filter((key) => !lost.has(key));
    }
    save({ keys: next });
    setWanted(null);
  };
  // What takes nothing away needs no question.
  const recorded = (sequence: string | null) => {
    setRecording(false);
    if (sequence === null) return;
    if (conflicts(keymap, command.id, sequence).length === 0) set(sequence, []);
    else setWanted(sequence);
  };
  const conflictingKeys = (other: CommandName, sequence: string) =>
    (keymap.get(other) ?? []).filter((key) =>
      conflicts(new Map([[other, [key]]]), command.id, sequence).includes(other),
    );
  const reset = () => {
    const { [command.id]: _removed, ...rest } = keys;
    save({ keys: rest });
  };

  return (
    <li className={styles.line}>
      <div className={styles.main}>
        <span className={styles.title}>{title}</span>
        {overridden ? (
          <Button kind="quiet" label={t('keys-reset', { title })} onPress={reset}>
            {t('keys-reset-short')}
          </Button>
        ) : null}
        {recording ? (
          <Recorder onDone={recorded} />
        ) : (
          <span className={styles.keys}>
            {own.length === 0 ? <span className={styles.none}>{t('keys-none')}</span> : null}
            {own.map((sequence) => (
              <KeyCaps key={sequence} sequence={sequence} />
            ))}
            <span className="offscreen">{own.join(', ')}</span>
          </span>
        )}
        <Button kind="quiet" label={t('keys-change', { title })} onPress={() => setRecording(true)}>
          {t('keys-change-short')}
        </Button>
      </div>
      {wanted !== null && taken.length > 0 ? (
        <div className={styles.conflict} role="alert" data-testid="key-conflict">
          <span>
            {t('keys-conflict', {
              keys: wanted,
              title: taken.map((id) => t(commandById(id).title)).join(', '),
            })}
          </span>
          <Button onPress={() => set(wanted, taken)}>{t('keys-take')}</Button>
          <Button onPress={() => setWanted(null)}>{t('cancel')}</Button>
        </div>
      ) : null}
    </li>
  );
}

/** Hears one key sequence. Esc gives up. */
function Recorder({ onDone }: { onDone: (sequence: string | null) => void }) {
  const t = useText();
  const [presses, setPresses] = useState<readonly string[]>([]);
  const field = useRef<HTMLButtonElement>(null);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (presses.length === 0) return;
    const timer = setTimeout(() => done.current(presses.join(' ')), COMPLETE_MS);
    return () => clearTimeout(timer);
  }, [presses]);
  useEffect(() => {
    // Heard before everything else, so that the keys of the dialog can be recorded as well.
    const hear = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === 'Escape') {
        done.current(null);
        return;
      }
      const press = pressOf(event);
      if (press && !event.repeat) setPresses((before) => [...before, press].slice(-3));
    };
    window.addEventListener('keydown', hear, { capture: true });
    return () => window.removeEventListener('keydown', hear, { capture: true });
  }, []);
  return (
    <button
      ref={field}
      type="button"
      className={styles.recorder}
      data-testid="key-recorder"
      onBlur={() => onDone(null)}
    >
      {presses.length === 0 ? t('keys-press') : <KeyCaps sequence={presses.join(' ')} />}
    </button>
  );
}
