import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const LabelSchema = defineEntity({
  name: 'Label',
  tableName: 'label',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    /** `#rrggbb` in lower case. */
    colour: p.text(),
    createdAt: p.datetime(),
  },
});

/** A word of the workspace's own, by which conversations are found. */
export class Label extends LabelSchema.class {}
LabelSchema.setClass(Label);

const ConversationLabelSchema = defineEntity({
  name: 'ConversationLabel',
  tableName: 'conversation_label',
  properties: {
    workspaceId: p.uuid(),
    conversationId: p.uuid().primary(),
    labelId: p.uuid().primary(),
    /** A member, a rule (system) or a bot. */
    setByKind: p.text().$type<ActorRef['kind']>(),
    setById: p.text().nullable(),
    setAt: p.datetime(),
  },
});

export class ConversationLabel extends ConversationLabelSchema.class {}
ConversationLabelSchema.setClass(ConversationLabel);
