import { NotebookPen, Reply } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { ui, useUi } from '../app/uiState';
import type { ConversationId, ConversationView, DraftKind } from '../bindings/protocol';
import { useCommand, useKeys, useRunCommand } from '../commands/Commands';
import { ariaKeys } from '../commands/keyLabel';
import { Button } from '../design/Button';
import { Keys } from '../design/Keys';
import { type TextId, textIds, useText } from '../i18n/text';
import styles from './Composer.module.css';
import { sentText } from './composerText';
import { denialOf } from './denials';
import { lastSeenSeq } from './parts';
import { type DraftState, useDraft } from './useDraft';
import { useSubmit } from './useSubmit';

interface ComposerProps {
  conversationId: ConversationId;
  view: ConversationView;
  contactName: string;
}

const DRAFT_TEXTS: Partial<Record<DraftState, TextId>> = textIds({
  saved: 'draft-saved',
  saving: 'draft-saving',
  failed: 'draft-failed',
});

/** Makes the field as high as its text. Most keys change no line: then nothing is laid out a second time. */
function fitToText(element: HTMLTextAreaElement) {
  const { fitted, length } = element.dataset;
  element.dataset.length = String(element.value.length);
  if (element.value.length >= Number(length) && element.scrollHeight === Number(fitted)) return;
  element.style.height = 'auto';
  element.style.height = `${element.scrollHeight}px`;
  element.dataset.fitted = String(element.scrollHeight);
}

/** Where replies and notes are written. The two differ in colour, tab, words and button; the text stands still
 * whatever arrives meanwhile. */
export function Composer({ conversationId, view, contactName }: ComposerProps) {
  const t = useText();
  const submit = useSubmit();
  const run = useRunCommand();
  const wantedKind = useUi((state) => state.composerKind);
  const focusAsked = useUi((state) => state.composerFocus);
  const field = useRef<HTMLTextAreaElement>(null);
  const [sending, setSending] = useState(false);
  const { textOf, problems, state, givenBack, write, clear } = useDraft(conversationId, view);
  const sendKeys = useKeys('composer.send');

  const denied: Record<DraftKind, string | null> = {
    reply: denialOf(t, view, 'conversation_reply'),
    note: denialOf(t, view, 'conversation_note'),
  };
  const kind: DraftKind = denied.reply && !denied.note ? 'note' : wantedKind;
  const problem = problems[kind];
  const closed = denialOf(t, view, 'conversation_close');
  const snooze = denialOf(t, view, 'conversation_snooze');

  // A note that was begun earlier is what one comes back for, if there is no reply.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the conversation opens
  useEffect(() => {
    if (textOf('reply') === '' && textOf('note') !== '') ui.setComposerKind('note');
  }, [conversationId]);

  const firstFocus = useRef(focusAsked);
  useEffect(() => {
    if (focusAsked === firstFocus.current) return;
    firstFocus.current = focusAsked;
    field.current?.focus();
  }, [focusAsked]);

  // The field holds the text; it is given another one only with the other tab, after sending, or with what was taken
  // back.
  const show = (text: string) => {
    const element = field.current;
    if (!element) return;
    element.value = text;
    fitToText(element);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only these bring another text
  useLayoutEffect(() => show(textOf(kind)), [kind, givenBack]);

  const send = async (then?: 'close' | 'snooze') => {
    if (sending || problem || denied[kind]) return;
    setSending(true);
    const body_text = sentText(textOf(kind));
    const sent = await submit(
      conversationId,
      kind === 'note'
        ? { type: 'conversation_note', body_text }
        : { type: 'conversation_reply', body_text, last_seen_seq: lastSeenSeq(view) },
      kind === 'note' ? t('done-note') : undefined,
    );
    setSending(false);
    if (!sent) return;
    clear(kind);
    show('');
    if (then === 'close') run('conversation.close');
    if (then === 'snooze') run('conversation.snooze');
  };

  useCommand('conversation.reply', () => ui.compose('reply'), denied.reply);
  useCommand('conversation.note', () => ui.compose('note'), denied.note);
  useCommand('composer.send', () => void send());
  useCommand('composer.sendClose', () => void send('close'), closed);
  useCommand('composer.sendSnooze', () => void send('snooze'), snooze);
  useCommand('composer.toggleKind', () => ui.compose(kind === 'reply' ? 'note' : 'reply'), denied.reply);
  useCommand('composer.leave', () => run('conversation.focus') || run('list.focus'));

  if (denied.reply && denied.note) return <p className={styles.refused}>{denied.note}</p>;

  const stateText = DRAFT_TEXTS[state];
  const tab = (tabKind: DraftKind) => (
    <button
      type="button"
      className={styles.tab}
      data-kind={tabKind}
      aria-pressed={kind === tabKind}
      aria-disabled={denied[tabKind] ? true : undefined}
      title={denied[tabKind] ?? undefined}
      data-testid={`composer-tab-${tabKind}`}
      onClick={() => run(tabKind === 'reply' ? 'conversation.reply' : 'conversation.note')}
    >
      {tabKind === 'reply' ? (
        <Reply size={14} strokeWidth={1.75} aria-hidden="true" />
      ) : (
        <NotebookPen size={14} strokeWidth={1.75} aria-hidden="true" />
      )}
      {t(tabKind === 'reply' ? 'composer-reply' : 'note')}
      <Keys command={tabKind === 'reply' ? 'conversation.reply' : 'conversation.note'} />
    </button>
  );

  return (
    <form
      className={styles.composer}
      data-kind={kind}
      data-composer
      aria-label={t(kind === 'note' ? 'composer-label-note' : 'composer-label-reply', { name: contactName })}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset className={styles.tabs} aria-label={t('composer-kind')}>
        {tab('reply')}
        {tab('note')}
        {kind === 'note' ? <span className={styles.privacy}>{t('composer-note-private')}</span> : null}
      </fieldset>
      <textarea
        ref={field}
        className={styles.editor}
        rows={2}
        dir="auto"
        spellCheck
        aria-label={t(kind === 'note' ? 'composer-label-note' : 'composer-label-reply', {
          name: contactName,
        })}
        placeholder={t(kind === 'note' ? 'composer-placeholder-note' : 'composer-placeholder-reply', {
          name: contactName,
        })}
        defaultValue={textOf(kind)}
        data-testid="composer-editor"
        onInput={(event) => {
          write(kind, event.currentTarget.value);
          fitToText(event.currentTarget);
        }}
      />
      <div className={styles.foot}>
        <span className={styles.state} data-tone={state === 'failed' ? 'failed' : undefined} role="status">
          {problem === 'too_long'
            ? t('composer-too-long')
            : stateText && problem !== 'empty'
              ? t(stateText)
              : ''}
        </span>
        <span className={styles.gap} />
        {kind === 'reply' && view.head.state !== 'closed' && !closed ? (
          <Button
            disabled={problem !== null || sending}
            onPress={() => void send('close')}
            testId="composer-send-close"
          >
            {t('composer-send-close')}
            <Keys command="composer.sendClose" />
          </Button>
        ) : null}
        <Button
          type="submit"
          kind={kind === 'note' ? 'note' : 'primary'}
          disabled={problem !== null}
          busy={sending}
          keys={ariaKeys(sendKeys)}
          testId="composer-send"
        >
          {t(kind === 'note' ? 'composer-add-note' : 'composer-send')}
          <Keys command="composer.send" tone="accent" />
        </Button>
      </div>
    </form>
  );
}
