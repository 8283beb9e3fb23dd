import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useHost } from '../app/host';
import { KEYS, useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { AccountSecurity } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useLocalization } from '../i18n/text';
import { dateOf } from '../i18n/time';

/** Reminds of an authenticator of one's own, with the date until which the one that was handed over does. */
export function OwnFactorReminder({ className }: { className: string }) {
  const { t, locale } = useLocalization();
  const host = useHost();
  const { connection } = useReadyState();
  const [putOff, setPutOff] = useState(false);
  const { data } = useQuery<AccountSecurity>({
    queryKey: KEYS.security,
    queryFn: () => host.invoke('account_security', {}),
    // It is asked once; without a connection nothing can be set up anyway.
    enabled: connection.state === 'online' && !putOff,
    retry: false,
  });
  const due = data?.authenticator_due;
  if (putOff || due === null || due === undefined) return null;
  return (
    <section className={className} aria-label={t('security-authenticator')} data-testid="own-factor-reminder">
      <span role="status">{t('own-factor-reminder', { date: dateOf(locale, due) })}</span>
      <Button onPress={() => ui.open({ type: 'settings', section: 'security' })} testId="own-factor-set-up">
        {t('own-factor-set-up')}
      </Button>
      <Button kind="link" onPress={() => setPutOff(true)}>
        {t('own-factor-later')}
      </Button>
    </section>
  );
}
