import type { ErrorCode, Problem, SessionEndReason } from '../bindings/protocol';
import { type TextId, type Translate, textIds } from '../i18n/text';
import { HostFailure } from '../platform/host';

/** A sentence for every error code. The compiler refuses a code without one. */
export const ERROR_TEXTS: Record<ErrorCode, TextId> = textIds({
  invalid_request: 'error-invalid-request',
  invalid_value: 'error-invalid-value',
  too_large: 'error-too-large',
  not_found: 'error-not-found',
  permission_denied: 'error-permission-denied',
  idempotency_conflict: 'error-idempotency-conflict',
  predecessor_not_applied: 'error-predecessor-not-applied',
  command_expired: 'error-command-expired',
  client_too_old: 'error-client-too-old',
  invalid_credentials: 'error-invalid-credentials',
  invalid_code: 'error-invalid-code',
  sign_in_expired: 'error-sign-in-expired',
  too_many_attempts: 'error-too-many-attempts',
  session_ended: 'error-session-ended',
  session_wiped: 'error-session-wiped',
  step_up_required: 'error-step-up-required',
  password_refused: 'error-password-refused',
  authenticator_required: 'error-authenticator-required',
  access_token_expired: 'error-access-token-expired',
  invalid_channel_key: 'error-invalid-channel-key',
  sso_failed: 'error-sso-failed',
  sso_only: 'error-sso-only',
  sso_denied: 'error-sso-denied',
  sso_unavailable: 'error-sso-unavailable',
  personal_link_invalid: 'error-personal-link-invalid',
  unreachable: 'error-unreachable',
  untrusted_certificate: 'error-untrusted-certificate',
  clock_skew: 'error-clock-skew',
  overloaded: 'error-overloaded',
  internal: 'error-internal',
  invalid_join_link: 'error-invalid-join-link',
  cursor_gone: 'error-cursor-gone',
  keychain_locked: 'error-keychain-locked',
  keychain_missing: 'error-keychain-missing',
  keychain_denied: 'error-keychain-denied',
  keychain_timeout: 'error-keychain-timeout',
  keychain_mismatch: 'error-keychain-mismatch',
  app_locked: 'error-app-locked',
  vault_locked: 'error-vault-locked',
  wrong_passphrase: 'error-wrong-passphrase',
  cache_damaged: 'error-cache-damaged',
  outbox_damaged: 'error-outbox-damaged',
  data_too_new: 'error-data-too-new',
  disk_full: 'error-disk-full',
  disk_failed: 'error-disk-failed',
  lease_ended: 'error-lease-ended',
  already_running: 'error-already-running',
  policy_forbids: 'error-policy-forbids',
  policy_invalid: 'error-policy-invalid',
  link_refused: 'error-link-refused',
  client_failed: 'error-client-failed',
  unknown: 'error-unknown',
});

/** Why a session has ended and what to do. What a newer server says beside these is just an end. */
const SESSION_END_TEXTS: Record<SessionEndReason, TextId> = textIds({
  idle: 'session-end-idle',
  too_old: 'session-end-too-old',
  refresh_reused: 'session-end-refresh-reused',
  account_disabled: 'session-end-account-disabled',
  credentials_changed: 'session-end-credentials-changed',
  ended_elsewhere: 'session-end-ended-elsewhere',
  ended_by_admin: 'session-end-ended-by-admin',
  provider_ended: 'session-end-provider-ended',
  sso_required: 'session-end-sso-required',
  unknown: 'error-session-ended',
});

/** What has stopped Recado, and what to do. */
export function problemText(t: Translate, { code, session_end }: Problem): string {
  return session_end === null
    ? codeText(t, code)
    : t(SESSION_END_TEXTS[session_end] ?? SESSION_END_TEXTS.unknown);
}

/** What happened and what to do, in the language in use. */
export function errorText(t: Translate, thrown: unknown): string {
  const failure = HostFailure.from(thrown);
  return codeText(t, failure.code, failure.retryAfterS);
}

export function codeText(t: Translate, code: ErrorCode, retryAfterS: number | null = null): string {
  // A newer server may send a code that this table does not know.
  const id = ERROR_TEXTS[code] ?? ERROR_TEXTS.unknown;
  return t(id, { seconds: retryAfterS ?? 0 });
}
