import { useReadyState } from '../app/queries';
import type { LoginMethod } from '../bindings/protocol';
import { type TextId, textIds, useLocalization } from '../i18n/text';
import { readJoinLink } from '../signin/joinLink';
import styles from './AboutSettings.module.css';
import { Facts } from './Facts';

const METHODS: Record<LoginMethod, TextId> = textIds({
  password: 'managed-method-password',
  oidc: 'managed-method-oidc',
});

/** What the organisation has fixed on this machine, and which files say so. Nothing, where nothing is. */
export function ManagedFacts() {
  const { t, locale } = useLocalization();
  const { managed } = useReadyState();
  if (managed.files.length === 0) return null;
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  const servers = managed.servers.map(({ name, link }) => `${name} (${readJoinLink(link)?.host ?? ''})`);
  const facts: [string, string][] = [];
  if (servers.length > 0) {
    const title = t(managed.server_list_locked ? 'managed-servers-locked' : 'managed-servers');
    facts.push([title, list.format(servers)]);
  }
  if (managed.login_methods) {
    const methods = managed.login_methods.map((method) => t(METHODS[method]));
    facts.push([t('managed-methods'), list.format(methods)]);
  }
  if (managed.require_system_keychain) {
    facts.push([t('about-keychain'), t('managed-keychain-required')]);
  }
  facts.push([t('managed-files'), managed.files.join('\n')]);
  return (
    <section aria-labelledby="managed-title" data-testid="managed-facts">
      <h3 id="managed-title" className={styles.heading}>
        {t('managed-title')}
      </h3>
      <p className={styles.promise}>{t('managed-lead')}</p>
      <Facts facts={facts} />
    </section>
  );
}
