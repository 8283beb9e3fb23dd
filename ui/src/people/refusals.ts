import { codeText } from '../app/errors';
import type { ErrorCode } from '../bindings/protocol';
import { type TextId, type Translate, textIds } from '../i18n/text';
import { HostFailure } from '../platform/host';

/** Sentences for some codes; the others have their usual ones. */
export type Refusals = Partial<Record<ErrorCode, TextId>>;

/** Why no invitation was made. */
export const INVITE_REFUSALS: Refusals = textIds({
  invalid_value: 'people-refused-invite',
  permission_denied: 'people-refused-role',
  sso_only: 'people-refused-sso',
});

/** Why no reset was made. */
export const RESET_REFUSALS: Refusals = textIds({
  invalid_value: 'people-refused-reset',
  permission_denied: 'people-refused-account',
  not_found: 'people-refused-gone',
  sso_only: 'people-refused-sso',
});

/** Why a link was not withdrawn. */
export const WITHDRAW_REFUSALS: Refusals = textIds({
  not_found: 'people-refused-ended',
});

/** What happened and what to do: in the words of what was asked for, where it has its own. */
export function refusalText(t: Translate, refusals: Refusals, thrown: unknown): string {
  const { code, retryAfterS } = HostFailure.from(thrown);
  const own = refusals[code];
  return own === undefined ? codeText(t, code, retryAfterS) : t(own);
}
