import { ui } from '../app/uiState';
import type { Translate } from '../i18n/text';

/** Puts text into the clipboard and says what became of it, `told` if that went well: a window system may refuse.
 * The answer is whether it is there. */
export async function copy(t: Translate, text: string, told = t('copied')): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    ui.toast(told);
    return true;
  } catch {
    ui.toast(t('copy-failed'), { tone: 'failed' });
    return false;
  }
}
