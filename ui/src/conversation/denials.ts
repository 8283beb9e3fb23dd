import type { Action, ConversationView, Denial } from '../bindings/protocol';
import { type TextId, type Translate, textIds } from '../i18n/text';

const REASONS: Record<Denial['type'], TextId> = textIds({
  not_active: 'denied-not-active',
  out_of_scope: 'denied-out-of-scope',
  missing_permission: 'denied-missing-permission',
});

/** Why an action may not be done, as a sentence that names the permission; `null` if it may. */
export function denialOf(
  t: Translate,
  view: ConversationView | undefined,
  action: Action['type'],
): string | null {
  const denial = view?.denied.find((entry) => entry.action === action)?.denial;
  if (!denial) return null;
  return t(REASONS[denial.type], {
    permission: denial.type === 'missing_permission' ? denial.permission : '',
  });
}
