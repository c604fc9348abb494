import {
  accessTracedConsumer,
  createErasureCleaner,
  createRenewal,
  personTracedConsumer,
  rowsErasedConsumer,
  type Ctx,
} from '@fenster/database';
import { createSubgraphService, type Overrides, type SubgraphOptions } from '@fenster/graphql';
import { createClamdScanner, openObjectStore } from '@fenster/object-store';
import { createPersonMark, type Service } from '@fenster/runtime';
import { Agent } from 'undici';
import { analyticsWantedConsumer } from './analytics/analytics-wanted.consumer.js';
import { createAnalyticsReader } from './analytics/read-analytics.js';
import { findPerson } from './access-requests/find-person.js';
import { createMediaServer } from './access-requests/serve-media.js';
import { channelRenewal } from './channels/announce-channels.js';
import { Channel } from './channels/channel.entity.js';
import { ChannelResolver, resolveChannel } from './channels/channel.resolver.js';
import { ConnectChannelResolver } from './channels/connect-channel.resolver.js';
import { createPeerKeys } from './channels/peer-keys.js';
import { createNumberRefresh } from './channels/refresh.js';
import type { Config } from './config.js';
import type { ChannelsApp } from './context.js';
import { DeadLetter } from './dead-letters/dead-letter.entity.js';
import { DeadLetterResolver } from './dead-letters/dead-letter.resolver.js';
import { messageQueuedConsumer } from './delivery/message-queued.consumer.js';
import { createSender } from './delivery/sender.js';
import { seedDemoChannel, type DemoChannel } from './demo.js';
import { personData } from './erasures/erase-person.js';
import { eraseRaw } from './erasures/erase-webhooks.js';
import { createFetcher } from './media/fetcher.js';
import { createHousekeeping } from './media/housekeeping.js';
import { newsletterStoppedConsumer } from './newsletters/newsletter-stopped.consumer.js';
import { marketingStoppedConsumer } from './opt-outs/marketing-stopped.consumer.js';
import { createProviderMedia } from './media/provider-media.js';
import { MediaResolver, resolveMedia } from './media/media.resolver.js';
import { downloadRoute, mediaPreflightRoute, uploadRoute } from './media/media.route.js';
import { messageRevokedConsumer } from './media/message-revoked.consumer.js';
import { retentionFilesConsumer } from './retention/retention-files.consumer.js';
import { migrations } from './migrations.js';
import { createAppDirectory } from './provider-apps/app-directory.js';
import { messagesViewedConsumer } from './read-receipts/messages-viewed.consumer.js';
import { createReadReceiptSender } from './read-receipts/read-receipt-sender.js';
import { CHANNEL_KINDS } from './providers/channel-kind.js';
import { createProviders } from './providers/providers.js';
import { TemplateEntity } from './templates/template.entity.js';
import { resolveTemplate, TemplateResolver } from './templates/template.resolver.js';
import { createTemplateReader } from './templates/read-templates.js';
import { templateRenewal } from './templates/template-renewal.js';
import { createCustomerTypingListener } from './typing/customer-typing.js';
import { createIngest } from './webhooks/ingest.js';
import { createRetention } from './webhooks/retention.js';
import { WebhookEvent } from './webhooks/webhook-event.entity.js';
import { WebhookEventResolver } from './webhooks/webhook-event.resolver.js';
import { openWebhook } from './webhooks/open-webhook.js';
import {
  handshakeRoute,
  webhookPath,
  webhookRoute,
  WEBHOOKS_PATH,
  type WebhookRouteOptions,
} from './webhooks/webhook.route.js';

export const subgraph: SubgraphOptions = {
  resolvers: [
    ChannelResolver,
    ConnectChannelResolver,
    DeadLetterResolver,
    MediaResolver,
    TemplateResolver,
    WebhookEventResolver,
  ],
  references: {
    Channel: { permission: 'channel:read', resolve: resolveChannel },
    Template: { permission: 'channel:read', resolve: resolveTemplate },
    Media: { permission: 'message:read', resolve: resolveMedia },
  },
};

export interface ChannelsService extends Service {
  /** Connects the demo's number; the same input again changes nothing. Before or after `start`. */
  seedDemo(channel: DemoChannel): Promise<{ channelId: string }>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const SENDER_POLL_MS = 500;
/** How long a store of files, a scanner or a provider may be silent while one is on its way. */
const SILENCE_MS = 30_000;
/** How long an attempt may outlive its time-out on the way into the database. */
const LEASE_MARGIN_MS = 10_000;
/** How long sends in flight may go on when the service stops; then they end as ambiguous. */
const STOP_GRACE_MS = 3_000;

/** Ingest and delivery: what the provider posts comes in here, what may leave goes out here. */
export async function createChannelsService(config: Config, overrides: Overrides = {}): Promise<ChannelsService> {
  const secretKey = config.SECRET_KEY;
  let wakeSender = () => {};
  let wakeReadReceipts = () => {};
  let wakeErasures = () => {};
  let wakeAnalytics = () => {};
  const markOf = createPersonMark(secretKey);
  let seedDemo: ChannelsService['seedDemo'] | undefined;
  const store = await openObjectStore(config);
  const scanner =
    config.MEDIA_SCANNER_URL && createClamdScanner({ ...config.MEDIA_SCANNER_URL, timeoutMs: SILENCE_MS });
  const service: Service = await createSubgraphService({
    name: 'channels',
    config,
    overrides,
    entities: [Channel, DeadLetter, TemplateEntity, WebhookEvent],
    migrations,
    consumers: [
      messageQueuedConsumer({ secretKey, wakeSender: () => wakeSender() }),
      messagesViewedConsumer(() => wakeReadReceipts()),
      messageRevokedConsumer,
      retentionFilesConsumer,
      marketingStoppedConsumer,
      newsletterStoppedConsumer,
      analyticsWantedConsumer(() => wakeAnalytics()),
      personTracedConsumer('channels', personData),
      rowsErasedConsumer('channels', () => wakeErasures()),
      accessTracedConsumer('channels', findPerson),
    ],
    subgraph,
    build({ database, connection, log, now, wakeRelay }) {
      const ctx: Ctx = {
        database,
        now,
        log,
        wakeRelay,
        origin: { actor: { kind: 'system', id: 'channels' }, correlationId: 'channels' },
      };
      const webhookUrl = () => config.WEBHOOK_URL ?? `${service.url}${WEBHOOKS_PATH}`;
      const dispatcher = new Agent({ connections: config.SEND_CONCURRENCY, connect: { timeout: CONNECT_TIMEOUT_MS } });
      const mediaDispatcher = new Agent({
        connect: { timeout: CONNECT_TIMEOUT_MS },
        headersTimeout: SILENCE_MS,
        bodyTimeout: SILENCE_MS,
      });
      const providers = createProviders({
        dispatcher,
        mediaDispatcher,
        timeoutMs: config.SEND_TIMEOUT_MS,
        maxResponseBytes: MAX_ANSWER_BYTES,
        webhookUrl,
        twilioMediaHosts: config.TWILIO_MEDIA_HOSTS,
        peerKeys: createPeerKeys(database, secretKey, now),
        now,
      });
      const timeoutMs = config.MEDIA_TRANSFER_TIMEOUT_MS;
      const sender = createSender({
        ctx,
        providers,
        media: createProviderMedia({ database, store, providers, secretKey, timeoutMs, now, log }),
        secretKey,
        concurrency: config.SEND_CONCURRENCY,
        leaseMs: config.SEND_TIMEOUT_MS + LEASE_MARGIN_MS,
        unconfirmedAfterMs: config.UNCONFIRMED_AFTER_MS,
        pollMs: SENDER_POLL_MS,
      });
      const typing = createCustomerTypingListener({ database, connection, providers, secretKey, log });
      const mediaServer = createMediaServer({ database, connection, store, secretKey, now, log });
      const renewals = [channelRenewal, templateRenewal].map((renewal) => createRenewal(ctx, renewal));
      const retention = createRetention(ctx, config.WEBHOOK_RETENTION_DAYS);
      const numberRefresh = createNumberRefresh(ctx, { providers, secretKey });
      const templateReader = createTemplateReader(ctx, { providers, secretKey });
      const wakeTemplateReader = () => templateReader.wake();
      const analyticsReader = createAnalyticsReader(ctx, { providers, secretKey });
      wakeAnalytics = analyticsReader.wake;
      wakeSender = sender.wake;
      const media = { ctx, store, scanner, secretKey, timeoutMs };
      const fetcher = createFetcher({
        ...media,
        providers,
        concurrency: config.MEDIA_FETCH_CONCURRENCY,
        pollMs: config.MEDIA_FETCH_POLL_MS,
      });
      const housekeeping = createHousekeeping({
        ctx,
        store,
        providers,
        secretKey,
        pollMs: config.HOUSEKEEPING_POLL_MS,
      });
      const ingest = createIngest(ctx, {
        secretKey,
        wakeSender: sender.wake,
        wakeFetcher: fetcher.wake,
        wakeTemplateReader,
      });
      const readReceipts = createReadReceiptSender({
        ctx,
        providers,
        secretKey,
        leaseMs: config.SEND_TIMEOUT_MS + LEASE_MARGIN_MS,
      });
      wakeReadReceipts = readReceipts.wake;
      const erasures = createErasureCleaner({
        service: 'channels',
        ctx,
        connection,
        markOf,
        cleanUp: (task) => eraseRaw({ database, secretKey, markOf, wakeHousekeeping: housekeeping.wake }, task),
      });
      wakeErasures = erasures.wake;
      const apps = createAppDirectory({ database, providers, secretKey, log });
      seedDemo = async (channel) => {
        const seeded = await seedDemoChannel(ctx, secretKey, channel);
        await apps.reload();
        numberRefresh.wake();
        wakeTemplateReader();
        return seeded;
      };
      const open: WebhookRouteOptions['open'] = (rawBody, app) =>
        openWebhook(rawBody, app, { database, providers, secretKey });
      const webhooks = { apps, providers, secretKey, now, webhookUrl, open, store: ingest.add };
      return {
        app: {
          providers,
          secretKey,
          apiUrls: {
            whatsApp: config.WHATSAPP_API_URL,
            whatsAppVersion: config.WHATSAPP_API_VERSION,
            dialog360: config.DIALOG360_API_URL,
            twilio: config.TWILIO_API_URL,
            threema: config.THREEMA_API_URL,
          },
          webhookUrl,
          reloadSigners: apps.reload,
          store,
          wakeSender: sender.wake,
          wakeFetcher: fetcher.wake,
          wakeTemplateReader,
          mediaUrl: () => config.MEDIA_URL ?? `${service.url}/media`,
          mediaUrlMinutes: config.MEDIA_URL_MINUTES,
          mediaUploadMinutes: config.MEDIA_UPLOAD_MINUTES,
        } satisfies ChannelsApp,
        routes: {
          'GET /media': downloadRoute(media),
          'HEAD /media': downloadRoute(media),
          'PUT /media': uploadRoute(media),
          'OPTIONS /media': mediaPreflightRoute(),
          [`GET ${webhookPath('WHATSAPP_CLOUD')}`]: handshakeRoute(webhooks),
          ...Object.fromEntries(
            CHANNEL_KINDS.map((kind) => [`POST ${webhookPath(kind)}`, webhookRoute(kind, webhooks)]),
          ),
        },
        async start() {
          await apps.start();
          sender.start();
          await typing.start();
          await mediaServer.start();
          fetcher.start();
          housekeeping.start();
          readReceipts.start();
          numberRefresh.start();
          templateReader.start();
          analyticsReader.start();
          for (const renewal of renewals) renewal.start();
          retention.start();
          erasures.start();
        },
        async stop() {
          const cutOff = setTimeout(() => void dispatcher.destroy(), STOP_GRACE_MS);
          await Promise.all(renewals.map((renewal) => renewal.stop()));
          await numberRefresh.stop();
          await templateReader.stop();
          await analyticsReader.stop();
          await Promise.all([fetcher.stop(), housekeeping.stop()]);
          await Promise.all([retention.stop(), erasures.stop()]);
          await Promise.all([typing.stop(), mediaServer.stop()]);
          await readReceipts.stop();
          await sender.stop();
          clearTimeout(cutOff);
          await dispatcher.destroy();
          await mediaDispatcher.destroy();
          await ingest.idle();
          await store.close();
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
