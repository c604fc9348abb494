import type { ActorRef, DeliveryWaitReason, FailureReason, MessageType, Referral } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { Reactions } from './message-changes.rule.js';
import type { MessageStatus } from './message.status.js';

export const MESSAGE_DIRECTIONS = ['INBOUND', 'OUTBOUND'] as const;
export type MessageDirection = (typeof MESSAGE_DIRECTIONS)[number];
/** The rules of Fenster itself that write to customers. */
export const AUTOMATIONS = [
  'GREETING',
  'AWAY',
  'SURVEY',
  'OPT_OUT',
  'CONSENT_REQUEST',
  'CONSENT_ANSWER',
  'PRIVACY_NOTICE',
  'ACCESS_CODE',
  'NEWSLETTER',
] as const;
export type Automation = (typeof AUTOMATIONS)[number];

/** What an agent may decide of a message of which nobody knows whether it was sent. */
export const UNCONFIRMED_DECISIONS = ['SEND_AGAIN', 'TAKE_AS_SENT'] as const;
export type UnconfirmedDecision = (typeof UNCONFIRMED_DECISIONS)[number];

const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    threadId: p.uuid(),
    conversationId: p.uuid(),
    channelId: p.uuid(),
    /** Place in the thread, without gaps: from 1 on, and from 0 back for what was imported. */
    seq: p.integer(),
    direction: p.text().$type<MessageDirection>(),
    type: p.text().$type<MessageType>(),
    text: p.text().nullable(),
    payload: p.json<Record<string, unknown>>().nullable(),
    status: p.text().$type<MessageStatus>(),
    errorCode: p.integer().nullable(),
    errorTitle: p.text().nullable(),
    errorReason: p.text().$type<FailureReason>().nullable(),
    /** What it waits for while it is QUEUED, if that was told. */
    waitingFor: p.text().$type<DeliveryWaitReason>().nullable(),
    waitingUntil: p.datetime().nullable(),
    providerMessageId: p.text().nullable(),
    /** The member who wrote it. */
    authorId: p.uuid().nullable(),
    /** The API key whose program sent it. */
    apiKeyId: p.uuid().nullable(),
    /** The rule of Fenster that sent it. */
    automation: p.text().$type<Automation>().nullable(),
    /** The newsletter that it is a message of. */
    newsletterId: p.uuid().nullable(),
    /** A colleague wrote it in the phone app of the number. */
    isEcho: p.boolean().default(false),
    /** Written before the number was connected. */
    isImported: p.boolean().default(false),
    /** The provider's id of the message that this one answers; it may be unknown, or come later. */
    contextProviderMessageId: p.text().nullable(),
    /** What the customer clicked before they wrote it. */
    referral: p.json<Referral>().nullable(),
    settledAs: p.text().$type<UnconfirmedDecision>().nullable(),
    settledByKind: p.text().$type<ActorRef['kind']>().nullable(),
    settledById: p.text().nullable(),
    settledAt: p.datetime().nullable(),
    /** The message that was sent in its place, as this one is unconfirmed. */
    resentAs: p.uuid().nullable(),
    /** The unconfirmed message in whose place it was sent. */
    resendOf: p.uuid().nullable(),
    /** Of each side the last one. */
    reactions: p.json<Reactions>().nullable(),
    /** When what it says now was written, if that is not what it said first. */
    editedAt: p.datetime().nullable(),
    /** Its author took it back: text and payload are gone. */
    revokedAt: p.datetime().nullable(),
    /** A rule of retention took what it said: text, payload, referral and reactions are gone. */
    contentRemovedAt: p.datetime().nullable(),
    /** The provider's time for customer messages, ours for replies. */
    sentAt: p.datetime(),
    createdAt: p.datetime(),
  },
});

export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message);

const MessageVersionSchema = defineEntity({
  name: 'StoredMessageVersion',
  tableName: 'message_version',
  properties: {
    messageId: p.uuid().primary(),
    /** Of the message or of its edit. */
    providerMessageId: p.text().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    type: p.text().$type<MessageType>(),
    text: p.text().nullable(),
    payload: p.json<Record<string, unknown>>().nullable(),
    writtenAt: p.datetime(),
    /** The first sorts before all others, whatever seconds the provider told. */
    isOriginal: p.boolean(),
  },
});

/** What an edited message said, from its first words to the present ones. */
export class StoredMessageVersion extends MessageVersionSchema.class {}
MessageVersionSchema.setClass(StoredMessageVersion);
