import type { Ctx } from '@fenster/database';
import { createSubgraphService, type Overrides, type SubgraphOptions } from '@fenster/graphql';
import type { Service } from '@fenster/runtime';
import { Agent } from 'undici';
import { Channel } from './channels/channel.entity.js';
import { ChannelResolver, resolveChannel } from './channels/channel.resolver.js';
import type { Config } from './config.js';
import { DeadLetter } from './dead-letters/dead-letter.entity.js';
import { DeadLetterResolver } from './dead-letters/dead-letter.resolver.js';
import { messageQueuedConsumer } from './delivery/message-queued.consumer.js';
import { createSender } from './delivery/sender.js';
import { seedDemoChannel, type DemoChannel } from './demo.js';
import { migrations } from './migrations.js';
import { createAppDirectory } from './provider-apps/app-directory.js';
import { createWhatsAppCloudProvider } from './providers/whatsapp-cloud/whatsapp-cloud.provider.js';
import { createIngest } from './webhooks/ingest.js';
import { handshakeRoute, webhookRoute } from './webhooks/webhook.route.js';

export const subgraph: SubgraphOptions = {
  resolvers: [ChannelResolver, DeadLetterResolver],
  references: { Channel: { permission: 'channel:read', resolve: resolveChannel } },
};

export interface ChannelsService extends Service {
  /** Connects the demo's number; the same input again changes nothing. Before or after `start`. */
  seedDemo(channel: DemoChannel): Promise<{ channelId: string }>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const SENDER_POLL_MS = 500;
/** How long an attempt may outlive its time-out on the way into the database. */
const LEASE_MARGIN_MS = 10_000;
/** How long sends in flight may go on when the service stops; then they end as ambiguous. */
const STOP_GRACE_MS = 3_000;

/** Ingest and delivery: what the provider posts comes in here, what may leave goes out here. */
export async function createChannelsService(config: Config, overrides: Overrides = {}): Promise<ChannelsService> {
  const secretKey = config.SECRET_KEY;
  let wakeSender = () => {};
  let seedDemo: ChannelsService['seedDemo'] | undefined;
  const service = await createSubgraphService({
    name: 'channels',
    config,
    overrides,
    entities: [Channel, DeadLetter],
    migrations,
    consumers: [messageQueuedConsumer({ secretKey, wakeSender: () => wakeSender() })],
    subgraph,
    build({ database, log, now, wakeRelay }) {
      const ctx: Ctx = {
        database,
        now,
        log,
        wakeRelay,
        origin: { actor: { kind: 'system', id: 'channels' }, correlationId: 'channels' },
      };
      const dispatcher = new Agent({ connections: config.SEND_CONCURRENCY, connect: { timeout: CONNECT_TIMEOUT_MS } });
      const provider = createWhatsAppCloudProvider({
        dispatcher,
        timeoutMs: config.SEND_TIMEOUT_MS,
        maxResponseBytes: MAX_ANSWER_BYTES,
      });
      const sender = createSender({
        ctx,
        provider,
        secretKey,
        concurrency: config.SEND_CONCURRENCY,
        leaseMs: config.SEND_TIMEOUT_MS + LEASE_MARGIN_MS,
        unconfirmedAfterMs: config.UNCONFIRMED_AFTER_MS,
        pollMs: SENDER_POLL_MS,
      });
      wakeSender = sender.wake;
      const ingest = createIngest(ctx, sender.wake);
      const apps = createAppDirectory({ database, provider, secretKey, log });
      seedDemo = async (channel) => {
        const seeded = await seedDemoChannel(ctx, secretKey, channel);
        await apps.reload();
        return seeded;
      };
      const webhooks = { apps, provider, secretKey, store: ingest.add };
      return {
        app: undefined,
        routes: {
          'GET /webhooks/whatsapp': handshakeRoute(webhooks),
          'POST /webhooks/whatsapp': webhookRoute(webhooks),
        },
        async start() {
          await apps.start();
          sender.start();
        },
        async stop() {
          const cutOff = setTimeout(() => void dispatcher.destroy(), STOP_GRACE_MS);
          await sender.stop();
          clearTimeout(cutOff);
          await dispatcher.destroy();
          await ingest.idle();
          apps.stop();
        },
      };
    },
  });
  return {
    name: service.name,
    get url() {
      return service.url;
    },
    start: () => service.start(),
    stop: () => service.stop(),
    seedDemo: seedDemo!,
  };
}
