import type { AuthenticatorPicture } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import styles from './Security.module.css';

/** A new authenticator's key: a picture to be scanned, and letters to be typed. */
export function AuthenticatorSecret({ setup, lead }: { setup: AuthenticatorPicture; lead: string }) {
  const t = useText();
  const grouped = setup.secret.replace(/(.{4})(?=.)/g, '$1 ');
  return (
    <div className={styles.secret}>
      <QrCode rows={setup.rows} label={t('authenticator-picture')} />
      <div>
        <p className={styles.lead}>{lead}</p>
        <p className={styles.secretText} data-testid="authenticator-secret">
          {grouped}
        </p>
        <Button onPress={() => void copy(t, setup.secret)}>{t('refused-copy')}</Button>
      </div>
    </div>
  );
}

/** The rows of a QR code as one path, dark on white in either theme, with the quiet zone that readers need. */
function QrCode({ rows, label }: { rows: readonly string[]; label: string }) {
  const side = rows.length + 8;
  const path = rows
    .flatMap((row, y) => [...row].map((bit, x) => (bit === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : '')))
    .join('');
  return (
    <svg className={styles.picture} viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label}>
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}
