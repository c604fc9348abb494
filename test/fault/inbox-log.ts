import { readFileSync } from 'node:fs';
import type { Envelope } from '@fenster/contracts';
import { toldOf } from '@fenster/conversation';
import { buildSchema, isObjectType, type GraphQLObjectType } from 'graphql';

const SDL = readFileSync(new URL('../../schema/public.graphql', import.meta.url), 'utf8');

/** What each event is about, of all that the published schema has: a new kind of event is asked for without a word here. */
export function inboxSelection(ofMessage: string, ofConversation: string): string {
  const schema = buildSchema(SDL, { assumeValid: true });
  const about: Readonly<Record<string, string>> = {
    message: `message { id ${ofMessage} conversation { id ${ofConversation} } }`,
    conversation: `conversation { id ${ofConversation} }`,
    conversationId: 'conversationId',
  };
  const members = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType =>
      isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'InboxEvent'),
  );
  return members
    .flatMap((type) => {
      const subject = Object.keys(about).find((field) => field in type.getFields());
      return subject ? [`... on ${type.name} { ${about[subject]} }`] : [];
    })
    .join(' ');
}

/** What every subscriber with all rights is told of an event in conversation's log; undefined for what is not for the inbox. */
export function toldToAll(envelope: Envelope): { type: string; entityId: string; status?: string } | undefined {
  const told = toldOf(envelope);
  // Who sees all does not lose sight of anything, and what is for one member alone is not compared.
  if (!told || told.leaves || told.onlyTo) return undefined;
  const { type, conversationId, messageId, message } = told;
  return {
    type: type.name,
    entityId: messageId ?? conversationId ?? 'nothing',
    ...(message?.status && { status: message.status }),
  };
}

/** Positions and fingerprints of inbox events, in order. Numbers, because there are millions of them. */
export class InboxLog {
  readonly positions: number[] = [];
  readonly fingerprints: number[] = [];

  add(position: number, type: string, entityId: string, status = ''): void {
    this.positions.push(position);
    this.fingerprints.push(fingerprint(`${type} ${entityId} ${status}`));
  }

  get last(): number {
    return this.positions.at(-1) ?? 0;
  }
}

/** FNV-1a, 32 bits. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
