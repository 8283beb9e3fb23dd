import { useId, useState } from 'react';
import type { MadeLink } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useLocalization } from '../i18n/text';
import { exactTime } from '../i18n/time';
import security from '../security/Security.module.css';
import { useHeld } from '../settings/leaving';
import styles from './People.module.css';

interface MadeLinkSheetProps {
  made: MadeLink;
  onDone: () => void;
}

/** A personal link as it is shown this once, in the text that goes with it. */
export function MadeLinkSheet({ made, onDone }: MadeLinkSheetProps) {
  const { t, locale } = useLocalization();
  const id = useId();
  const { enrolment, letter, link } = made;
  const { name, email, expires_at } = enrolment;
  const [kept, setKept] = useState(false);
  useHeld(kept ? null : t('people-made-lost', { name }));
  const keep = async (text: string) => {
    if (await copy(t, text, t('people-made-copied', { name }))) setKept(true);
  };
  return (
    <div className={styles.made} data-testid="personal-link-made">
      <p className={security.lead} role="status">
        {t('people-made-lead', { name, email, time: exactTime(locale, expires_at) })}
      </p>
      <p className={styles.caution}>{t('people-made-once')}</p>
      <label className={styles.label} htmlFor={id}>
        {t('people-made-text')}
      </label>
      <textarea
        id={id}
        className={styles.letter}
        readOnly
        rows={10}
        value={letter}
        spellCheck={false}
        data-testid="personal-link-letter"
      />
      <div className={security.actions}>
        <Button kind="primary" autoFocus onPress={() => void keep(letter)} testId="personal-link-copy">
          {t('people-made-copy')}
        </Button>
        <Button onPress={() => void keep(link)} testId="personal-link-copy-link">
          {t('people-made-copy-link')}
        </Button>
        <Button onPress={onDone} testId="personal-link-done">
          {t('people-made-done')}
        </Button>
      </div>
    </div>
  );
}
