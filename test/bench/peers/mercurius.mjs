import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import Fastify from 'fastify';
import mercurius from 'mercurius';

/** Mercurius as its documentation shows it, compiled queries on: one process, in memory, no rights checked. */
const secret = process.env.APP_SECRET;
const contacts = new Map();
const conversations = new Map();
const channel = { id: randomUUID(), name: 'Support' };
let position = 0;

const resolvers = {
  Subscription: { inboxEvents: { subscribe: (_root, _args, { pubsub }) => pubsub.subscribe('inbox') } },
  InboxEvent: { resolveType: ({ __typename }) => __typename },
  Message: { conversation: (message) => conversations.get(message.phone) },
  Conversation: { contact: ({ phone }) => contacts.get(phone), channel: () => channel },
};

const app = Fastify();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.register(mercurius, { schema: process.env.SDL, resolvers, subscription: true, jit: 1 });
app.post('/webhooks/whatsapp', async (request, reply) => {
  const expected = createHmac('sha256', secret).update(request.body).digest();
  const given = Buffer.from(String(request.headers['x-hub-signature-256']).slice(7), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send('no');
  for (const { changes } of JSON.parse(request.body).entry) {
    for (const { value } of changes) {
      for (const { from, text } of value.messages ?? []) {
        contacts.set(from, { id: from, name: value.contacts[0].profile.name });
        const conversation = conversations.get(from) ?? { id: randomUUID(), phone: from, seq: 0 };
        conversations.set(from, conversation);
        conversation.seq += 1;
        position += 1;
        const message = {
          id: randomUUID(),
          seq: conversation.seq,
          direction: 'INBOUND',
          status: 'RECEIVED',
          text: text.body,
          phone: from,
        };
        const inboxEvents = { __typename: 'MessageAdded', cursor: String(position), message };
        app.graphql.pubsub.publish({ topic: 'inbox', payload: { inboxEvents } });
      }
    }
  }
  return 'ok';
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ ready: true, url });
