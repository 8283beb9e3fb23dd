import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import { useText } from '../i18n/text';
import styles from './LinkButton.module.css';
import { realHost, showsItsHost } from './links';

/** A link in a message. It opens outside through the program; where the words do not show the real host, it stands
 * beside them. */
export function LinkButton({ url, words, children }: { url: string; words: string; children: ReactNode }) {
  const t = useText();
  const host = useHost();
  const open = useMutation({
    mutationFn: () => host.invoke('link_open', { url }),
    onError: (error) => ui.toast(errorText(t, error), { tone: 'failed' }),
  });
  const place = realHost(url);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: an anchor could be dragged or opened past the program */}
      <button
        type="button"
        role="link"
        className={styles.link}
        title={t('link-title', { host: place })}
        onClick={() => open.mutate()}
      >
        {children}
      </button>
      {showsItsHost(words, url) ? null : <span className={styles.host}> ({place})</span>}
    </>
  );
}
