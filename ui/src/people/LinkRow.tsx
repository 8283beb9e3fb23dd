import { KeyRound, MailOpen } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { useDirectory, useReadyState } from '../app/queries';
import type { EnrolmentKind, EnrolmentLink } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { ROLE_NAMES } from '../i18n/roles';
import { type TextId, textIds, useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import security from '../security/Security.module.css';

const KINDS: Record<EnrolmentKind, TextId> = textIds({
  invitation: 'people-by-invitation',
  password_reset: 'people-by-password-reset',
  account_reset: 'people-by-account-reset',
  own_authenticator: 'people-by-unknown',
  unknown: 'people-by-unknown',
});

interface LinkRowProps {
  link: EnrolmentLink;
  busy: boolean;
  onWithdraw: () => void;
  /** Makes another one in its place; `null` for whoever may not. */
  onAgain: (() => void) | null;
}

/** A personal link: for whom it is, who made it, how long it is good, and what can be done about it. */
export function LinkRow({ link, busy, onWithdraw, onAgain }: LinkRowProps) {
  const { t, locale } = useLocalization();
  const now = useNow();
  const id = useId();
  const { account } = useReadyState();
  const { teammateName, teamName } = useDirectory();
  const [asking, setAsking] = useState(false);
  const withdraw = useRef<HTMLButtonElement>(null);
  const { kind, name, email, made_by, created_at, expires_at, standing } = link;
  const who =
    made_by === null
      ? t('people-console')
      : made_by === account?.teammate_id
        ? t('people-you')
        : (teammateName(made_by) ?? t('somebody'));
  const teams = link.team_ids.map(teamName).filter((team) => team !== undefined);
  const facts = [email, t(ROLE_NAMES[link.role] ?? ROLE_NAMES.unknown), ...teams];
  const time = nearTime(locale, expires_at, now);
  const isOpen = standing === 'open';
  const Icon = kind === 'invitation' ? MailOpen : KeyRound;
  return (
    <li className={security.session} data-testid="personal-link" data-kind={kind} data-standing={standing}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <div className={security.rowText}>
        <h4 className={security.rowTitle}>
          <bdi>{name}</bdi>
          {isOpen ? null : (
            <span className={security.here} data-urgent>
              {t('people-ran-out-mark')}
            </span>
          )}
        </h4>
        <p className={security.rowState}>{facts.join(' · ')}</p>
        <p className={security.rowState}>
          {t(KINDS[kind] ?? KINDS.unknown, { who, time: nearTime(locale, created_at, now) })}
        </p>
        <p className={security.rowState} data-urgent={!isOpen || undefined}>
          {t(isOpen ? 'people-until' : 'people-ran-out', { time })}
        </p>
      </div>
      <div className={security.sessionActions}>
        {onAgain ? (
          <Button label={t('people-again-label', { name })} testId="personal-link-again" onPress={onAgain}>
            {t('people-again')}
          </Button>
        ) : null}
        {isOpen ? (
          <Button
            ref={withdraw}
            label={t('people-withdraw-label', { name })}
            testId="personal-link-withdraw"
            expanded={asking}
            busy={busy}
            onPress={() => setAsking(true)}
          >
            {t('people-withdraw')}
          </Button>
        ) : null}
      </div>
      {asking ? (
        // biome-ignore lint/a11y/useSemanticElements: a question with its two answers is no set of form fields
        <div className={security.confirm} role="group" aria-labelledby={id}>
          <p id={id}>{t('people-withdraw-question', { name })}</p>
          <div className={security.sessionActions}>
            <Button
              kind="danger"
              testId="personal-link-withdraw-confirm"
              onPress={() => {
                setAsking(false);
                withdraw.current?.focus();
                onWithdraw();
              }}
            >
              {t('people-withdraw-confirm')}
            </Button>
            <Button
              autoFocus
              testId="personal-link-keep"
              onPress={() => {
                setAsking(false);
                withdraw.current?.focus();
              }}
            >
              {t('people-withdraw-keep')}
            </Button>
          </div>
        </div>
      ) : null}
    </li>
  );
}
