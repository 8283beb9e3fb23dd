import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState, useSaveSettings } from '../app/queries';
import { ui } from '../app/uiState';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { ChoiceGroup } from '../settings/ChoiceGroup';
import { SecretField } from '../signin/SecretField';
import { useStateCommand } from '../signin/useStateCommand';
import { Panel } from './Panel';
import styles from './Security.module.css';

/** As many characters as the client asks for. */
const MIN_CHARS = 8;

const MINUTES = ['1', '5', '15', '60', '0'] as const;

/** Sets, changes or removes the passphrase of the app lock, and says when it locks by itself. */
export function AppLockPanel({ onBack }: { onBack: () => void }) {
  const t = useText();
  const { app_lock, settings } = useReadyState();
  const save = useSaveSettings();
  const [current, setCurrent] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [repeated, setRepeated] = useState('');
  const [checked, setChecked] = useState(false);
  const currentField = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const repeatedField = useRef<HTMLInputElement>(null);
  const set = useStateCommand('app_lock_set');
  const remove = useStateCommand('app_lock_remove');

  const tooShort = [...passphrase].length < MIN_CHARS;
  const differs = repeated !== passphrase;
  const wrong = () => {
    currentField.current?.focus();
    currentField.current?.select();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (set.isPending) return;
    setChecked(true);
    if (app_lock && current === '') return currentField.current?.focus();
    if (tooShort) return field.current?.focus();
    if (differs) return repeatedField.current?.focus();
    set.mutate(
      { passphrase, current: app_lock ? current : null },
      {
        onSuccess: () => {
          ui.toast(t('app-lock-done'));
          onBack();
        },
        onError: wrong,
      },
    );
  };
  const takeAway = () => {
    if (current === '') {
      currentField.current?.focus();
      return;
    }
    remove.mutate(
      { passphrase: current },
      {
        onSuccess: () => {
          ui.toast(t('app-lock-removed'));
          onBack();
        },
        onError: wrong,
      },
    );
  };

  const failure = set.error ?? remove.error;
  const shown = String(settings.lock_after_min);
  return (
    <Panel title={t('app-lock-title')} lead={t('app-lock-lead')} onBack={onBack} testId="app-lock-panel">
      {app_lock ? (
        <div className={styles.after}>
          <ChoiceGroup
            title={t('app-lock-after')}
            value={(MINUTES as readonly string[]).includes(shown) ? shown : '15'}
            onChange={(minutes) => save({ lock_after_min: Number(minutes) })}
            choices={MINUTES.map((value) => ({
              value: value as string,
              label: value === '0' ? t('app-lock-never') : t('app-lock-minutes', { count: Number(value) }),
            }))}
          />
        </div>
      ) : null}
      <form className={styles.form} onSubmit={submit}>
        {app_lock ? (
          <SecretField
            ref={currentField}
            kind="passphrase"
            label={t('app-lock-current')}
            value={current}
            onChange={setCurrent}
            autoComplete="current-password"
            autoFocus
            testId="app-lock-current"
          />
        ) : null}
        <SecretField
          ref={field}
          kind="passphrase"
          label={t(app_lock ? 'app-lock-new' : 'vault-passphrase')}
          value={passphrase}
          onChange={setPassphrase}
          autoComplete="new-password"
          autoFocus={!app_lock}
          hint={t('app-lock-hint', { count: MIN_CHARS })}
          error={checked && tooShort ? t('vault-too-short', { count: MIN_CHARS }) : null}
          testId="app-lock-passphrase"
        />
        <SecretField
          ref={repeatedField}
          kind="passphrase"
          label={t('vault-repeat')}
          value={repeated}
          onChange={setRepeated}
          autoComplete="new-password"
          error={checked && !tooShort && differs ? t('vault-differs') : null}
          testId="app-lock-repeat"
        />
        {failure ? (
          <p className={styles.problem} role="alert">
            {errorText(t, failure)}
          </p>
        ) : null}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={set.isPending} testId="app-lock-submit">
            {t(app_lock ? 'app-lock-change' : 'app-lock-set')}
          </Button>
          {app_lock ? (
            <Button busy={remove.isPending} onPress={takeAway} testId="app-lock-remove">
              {t('app-lock-remove')}
            </Button>
          ) : null}
        </div>
      </form>
    </Panel>
  );
}
