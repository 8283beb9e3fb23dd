import { useQuery } from '@tanstack/react-query';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS, useReadyState } from '../app/queries';
import { Mark } from '../design/Mark';
import { useLocalization } from '../i18n/text';
import styles from './AboutSettings.module.css';
import { Facts } from './Facts';
import { ManagedFacts } from './ManagedFacts';

const MEGABYTE = 1024 * 1024;

/** What this program is and where it keeps things. */
export function AboutSettings() {
  const { t, locale } = useLocalization();
  const host = useHost();
  const { workspace, account, secret_storage } = useReadyState();
  const keychain =
    secret_storage === 'vault'
      ? t('about-keychain-vault')
      : secret_storage === 'memory'
        ? t('status-not-stored')
        : null;
  const { data, error } = useQuery({
    queryKey: KEYS.about,
    queryFn: () => host.invoke('about', {}),
    staleTime: 0,
  });
  const size = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const facts: [string, string][] = data
    ? [
        [t('about-server'), workspace?.host ?? ''],
        [t('about-account'), account?.email ?? ''],
        [t('about-keychain'), keychain ?? data.keychain],
        [t('about-cipher'), `SQLCipher ${data.cipher_version}`],
        [
          t('about-cache'),
          t('about-cache-size', { megabytes: size.format(data.cache_size_bytes / MEGABYTE) }),
        ],
        [t('about-conversations'), size.format(data.conversations)],
        [t('about-folder'), data.data_dir],
      ]
    : [];
  return (
    <div>
      <div className={styles.head}>
        <Mark size={40} />
        <div>
          <p className={styles.name}>Recado</p>
          {data ? <p className={styles.version}>{t('about-version', { version: data.version })}</p> : null}
        </div>
      </div>
      {error ? <p role="alert">{errorText(t, error)}</p> : null}
      <Facts facts={facts} />
      <p className={styles.promise}>{t('about-promise')}</p>
      <ManagedFacts />
    </div>
  );
}
