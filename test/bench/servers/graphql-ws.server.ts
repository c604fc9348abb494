import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createInboxStore, type StoredMessage } from './inbox-store.js';
import { INBOX_SDL } from './inbox-schema.js';
import { announce, isSigned, readRequest, textsOf, type IncomingText } from './webhook.js';

/**
 * One process as a good team writes it with the usual libraries: a transaction per webhook, events passed on in process,
 * graphql-ws executing the document for each subscriber. Checks no rights, and joins contact and channel from memory.
 * Without DATABASE_URL it stores nothing.
 */
const secret = process.env['APP_SECRET']!;
const databaseUrl = process.env['DATABASE_URL'];

const contacts = new Map<string, { id: string; name: string }>();
const channel = { id: randomUUID(), name: 'Support' };
const conversationIds = new Map<string, string>();
const seqs = new Map<string, number>();

function storeInMemory(text: IncomingText): Promise<StoredMessage> {
  const conversationId = conversationIds.get(text.phone) ?? randomUUID();
  conversationIds.set(text.phone, conversationId);
  const seq = (seqs.get(text.phone) ?? 0) + 1;
  seqs.set(text.phone, seq);
  return Promise.resolve({ id: randomUUID(), conversationId, seq });
}

const store = databaseUrl ? await createInboxStore(databaseUrl) : storeInMemory;

type Publish = (event: object) => void;
const subscribers = new Set<Publish>();

async function* events(): AsyncGenerator<object, void> {
  const queue: object[] = [];
  let wake: (() => void) | undefined;
  const publish: Publish = (event) => {
    queue.push(event);
    wake?.();
  };
  subscribers.add(publish);
  try {
    for (;;) {
      while (queue.length > 0) yield { inboxEvents: queue.shift() };
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscribers.delete(publish);
  }
}

const schema = buildSchema(INBOX_SDL);
const typeOf = (name: string) => schema.getType(name) as GraphQLObjectType;
typeOf('Subscription').getFields()['inboxEvents']!.subscribe = () => events();
typeOf('Message').getFields()['conversation']!.resolve = (message: { conversationId: string; phone: string }) => ({
  id: message.conversationId,
  phone: message.phone,
});
typeOf('Conversation').getFields()['contact']!.resolve = ({ phone }: { phone: string }) => contacts.get(phone);
typeOf('Conversation').getFields()['channel']!.resolve = () => channel;

let position = 0;
async function handle(text: IncomingText): Promise<void> {
  if (contacts.get(text.phone)?.name !== text.name) contacts.set(text.phone, { id: randomUUID(), name: text.name });
  const stored = await store(text);
  if (!stored) return;
  position += 1;
  const message = { ...stored, phone: text.phone, direction: 'INBOUND', status: 'RECEIVED', text: text.text };
  const event = { __typename: 'MessageAdded', cursor: String(position), message };
  for (const publish of subscribers) publish(event);
}

const server = createServer((request, response) => {
  readRequest(request, (body) => {
    const answer = (status: number) => response.writeHead(status, { 'content-length': 2 }).end('ok');
    if (!isSigned(body, request, secret)) return answer(401);
    Promise.all(textsOf(body).map(handle)).then(
      () => answer(200),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        answer(500);
      },
    );
  });
});
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
announce(server);
