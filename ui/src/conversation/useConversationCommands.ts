import { useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { ConversationView } from '../bindings/protocol';
import { useCommand, useRunCommand } from '../commands/Commands';
import { useText } from '../i18n/text';
import type { Conflicts } from './conflicts';
import { denialOf } from './denials';
import { useOutboxActions } from './useOutboxActions';
import { useSubmit } from './useSubmit';

/** Everything that can be done to the open conversation besides writing. */
export function useConversationCommands(view: ConversationView, conflicts: Conflicts) {
  const t = useText();
  const submit = useSubmit();
  const run = useRunCommand();
  const { account } = useReadyState();
  const { head } = view;
  const { id } = head;
  const me = account?.teammate_id ?? null;
  const open = head.state === 'open';
  const { retry } = useOutboxActions();
  const { redo } = conflicts;
  const doAgain = () => {
    // A second press is of the same before it is known to be done.
    if (redo && 'retry' in redo) {
      if (!retry.isPending) retry.mutate({ command_id: redo.retry });
    } else if (redo) void submit(id, redo.submit, t('done-again'));
  };
  const denied = redo && 'submit' in redo ? denialOf(t, view, redo.submit.type) : null;
  useCommand('action.redo', redo ? doAgain : null, denied);
  const assign = denialOf(t, view, 'conversation_assign');
  const close = denialOf(t, view, 'conversation_close');

  useCommand('conversation.assign', () => ui.open({ type: 'assign', conversationId: id }), assign);
  useCommand(
    'conversation.assignTeam',
    () => ui.open({ type: 'assign_team', conversationId: id }),
    denialOf(t, view, 'conversation_assign_team'),
  );
  useCommand(
    'conversation.assignMe',
    me === null || head.admin_assignee_id === me
      ? null
      : () => void submit(id, { type: 'conversation_assign', admin_assignee_id: me }, t('done-assigned-me')),
    assign,
  );
  useCommand(
    'conversation.close',
    head.state === 'closed' ? null : () => void submit(id, { type: 'conversation_close' }, t('done-closed')),
    close,
  );
  useCommand(
    'conversation.closeNext',
    head.state === 'closed'
      ? null
      : () => {
          void submit(id, { type: 'conversation_close' }, t('done-closed'));
          run('list.next');
        },
    close,
  );
  useCommand(
    'conversation.open',
    open ? null : () => void submit(id, { type: 'conversation_open' }, t('done-opened')),
    denialOf(t, view, 'conversation_open'),
  );
  useCommand(
    'conversation.snooze',
    () => ui.open({ type: 'snooze', conversationId: id }),
    denialOf(t, view, 'conversation_snooze'),
  );
  useCommand(
    'conversation.priority',
    () => {
      const priority = head.priority === 'priority' ? 'not_priority' : 'priority';
      void submit(
        id,
        { type: 'conversation_prioritize', priority },
        t(priority === 'priority' ? 'done-priority-on' : 'done-priority-off'),
      );
    },
    denialOf(t, view, 'conversation_prioritize'),
  );
  useCommand(
    'conversation.tag',
    () => ui.open({ type: 'tag', conversationId: id }),
    denialOf(t, view, 'conversation_tag_add'),
  );
  useCommand(
    'conversation.unread',
    head.contact_part_count === 0
      ? null
      : () => {
          ui.keepUnread(id);
          const read = Math.max(0, head.contact_part_count - 1);
          void submit(id, { type: 'conversation_mark', contact_parts_read: read }, t('done-unread'));
        },
  );
}
