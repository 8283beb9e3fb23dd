import { useReadyState } from '../app/queries';
import type { SecretStorage } from '../bindings/protocol';
import { type TextId, textIds, useText } from '../i18n/text';

const TEXTS: Record<SecretStorage, TextId> = textIds({
  keychain: 'sign-in-foot',
  undecided: 'sign-in-foot',
  vault_locked: 'sign-in-foot-vault',
  vault: 'sign-in-foot-vault',
  memory: 'sign-in-foot-memory',
});

/** Where the session that is about to begin will be kept. */
export function useStorageFoot(): string {
  const t = useText();
  return t(TEXTS[useReadyState().secret_storage]);
}
