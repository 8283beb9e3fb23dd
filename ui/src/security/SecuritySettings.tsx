import { useQueryClient } from '@tanstack/react-query';
import { Building2, KeyRound, LifeBuoy, LockKeyhole, type LucideIcon, Smartphone } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { errorText } from '../app/errors';
import { KEYS, useReadyState } from '../app/queries';
import type { AccountSecurity } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useLocalization, useText } from '../i18n/text';
import { dateOf } from '../i18n/time';
import { useStateCommand } from '../signin/useStateCommand';
import { Absent } from './Absent';
import { AppLockPanel } from './AppLockPanel';
import { AuthenticatorPanel } from './AuthenticatorPanel';
import { PasswordPanel } from './PasswordPanel';
import { RecoveryCodesPanel } from './RecoveryCodesPanel';
import styles from './Security.module.css';
import { useAccountSecurity } from './useAccountSecurity';

type Panel = 'password' | 'authenticator' | 'recovery' | 'lock';

/** What one signs in with: the password, the authenticator, the recovery codes. */
export function SecuritySettings() {
  const { t, locale } = useLocalization();
  const client = useQueryClient();
  const [panel, setPanel] = useState<Panel | null>(null);
  const question = useAccountSecurity();
  const { data, refetch } = question;
  const changed = (security: AccountSecurity) => client.setQueryData(KEYS.security, security);
  const back = () => setPanel(null);

  if (panel === 'password') return <PasswordPanel onChanged={changed} onBack={back} />;
  if (panel === 'authenticator') return <AuthenticatorPanel onChanged={changed} onBack={back} />;
  if (panel === 'recovery') {
    return <RecoveryCodesPanel onMade={() => void refetch()} onBack={back} />;
  }
  if (panel === 'lock') return <AppLockPanel onBack={back} />;
  if (!data) return <Absent question={question} loading={t('security-loading')} />;
  const since = (at: number | null, handedOver: string, set: string) =>
    at === null ? handedOver : `${set} ${dateOf(locale, at)}`;
  const left = data.recovery_codes_left;
  return (
    <ul className={styles.rows} data-testid="security">
      {data.by_provider ? (
        <Row
          icon={Building2}
          title={t('security-provider')}
          state={t('security-provider-lead')}
          urgent={false}
        >
          {null}
        </Row>
      ) : (
        <>
          <Row
            icon={KeyRound}
            title={t('security-password')}
            state={since(
              data.password_changed_at,
              t('security-password-given'),
              t('security-password-changed'),
            )}
            urgent={data.password_changed_at === null}
          >
            <Button testId="security-password" onPress={() => setPanel('password')}>
              {t('security-password-change')}
            </Button>
          </Row>
          <Row
            icon={Smartphone}
            title={t('security-authenticator')}
            state={since(
              data.authenticator_since,
              data.authenticator_due === null
                ? t('security-authenticator-given')
                : t('security-authenticator-due', { date: dateOf(locale, data.authenticator_due) }),
              t('security-authenticator-since'),
            )}
            urgent={data.authenticator_since === null}
          >
            <Button testId="security-authenticator" onPress={() => setPanel('authenticator')}>
              {t('security-authenticator-replace')}
            </Button>
          </Row>
          <Row
            icon={LifeBuoy}
            title={t('security-recovery')}
            state={t('security-recovery-left', { count: left })}
            urgent={left < 3}
          >
            <Button testId="security-recovery" onPress={() => setPanel('recovery')}>
              {t(left === 0 ? 'security-recovery-make' : 'security-recovery-renew')}
            </Button>
          </Row>
        </>
      )}
      <AppLockRow onOpen={() => setPanel('lock')} />
      <VaultRow />
    </ul>
  );
}

/** Whether the app locks. It is this machine's own, and needs the system's keychain. */
function AppLockRow({ onOpen }: { onOpen: () => void }) {
  const t = useText();
  const { app_lock, secret_storage, settings } = useReadyState();
  if (secret_storage !== 'keychain') return null;
  const after = settings.lock_after_min;
  return (
    <Row
      icon={LockKeyhole}
      title={t('security-lock')}
      state={
        app_lock
          ? after === 0
            ? t('security-lock-on-demand')
            : t('security-lock-after', { count: after })
          : t('security-lock-off')
      }
      urgent={false}
    >
      <Button testId="security-lock" onPress={onOpen}>
        {t(app_lock ? 'security-password-change' : 'security-lock-set')}
      </Button>
    </Row>
  );
}

/** Where secrets lie behind a passphrase: the way to the system's keychain, should there be one by now. */
function VaultRow() {
  const t = useText();
  const { secret_storage } = useReadyState();
  const leave = useStateCommand('vault_leave');
  if (secret_storage !== 'vault') return null;
  return (
    <Row
      icon={KeyRound}
      title={t('about-keychain-vault')}
      state={leave.error ? errorText(t, leave.error) : t('security-vault-lead')}
      urgent={leave.error !== null}
    >
      <Button testId="security-vault-leave" busy={leave.isPending} onPress={() => leave.mutate({})}>
        {t('security-vault-leave')}
      </Button>
    </Row>
  );
}

interface RowProps {
  icon: LucideIcon;
  title: string;
  state: string;
  /** Whether something is to be done about it. */
  urgent: boolean;
  children: ReactNode;
}

function Row({ icon: Icon, title, state, urgent, children }: RowProps) {
  return (
    <li className={styles.row}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <div className={styles.rowText}>
        <h3 className={styles.rowTitle}>{title}</h3>
        <p className={styles.rowState} data-urgent={urgent || undefined}>
          {state}
        </p>
      </div>
      {children}
    </li>
  );
}
