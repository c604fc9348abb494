import type { BatchLoad } from '@fenster/graphql';
import type { Controller } from '@fenster/contracts';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Control } from './control.entity.js';
import type { ControlState } from './control.rule.js';

const controlsByConversation: BatchLoad<string, Control> = async (ctx, conversationIds) => {
  const rows = await ctx.em.find(Control, { conversationId: { $in: [...conversationIds] } });
  return new Map(rows.map((row) => [row.conversationId, row]));
};

export function controlOf(ctx: ConversationContext, { id }: Pick<Conversation, 'id'>): Promise<Control | undefined> {
  return ctx.loader(controlsByConversation).load(id);
}

export function stateOf(row: Control | null | undefined): ControlState {
  return {
    controller: controllerOf(row?.controllerKind, row?.controllerId),
    offeredTo: controllerOf(row?.offeredToKind, row?.offeredToId),
  };
}

export function controllerOf(
  kind: Controller['kind'] | null | undefined,
  id: string | null | undefined,
): Controller | null {
  if (kind == null) return null;
  return kind === 'human' ? { kind } : { kind, id: id! };
}
