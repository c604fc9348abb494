import type { Logger } from '@fenster/runtime';
import type { Dispatcher } from 'undici';
import type { Config } from './config.js';
import { createLive, type Live } from './live.js';
import { createMediaStore, type MediaStore } from './media.js';
import { createNetwork, type Network } from './network.js';
import { createNumbers, type Numbers } from './numbers.js';
import { createScenarios, type Scenarios } from './scenarios.js';
import { seedTemplates } from './seed-templates.js';
import { createTemplates, type Templates } from './templates.js';
import type { SimulatedTime } from './time.js';
import { createUploads, type Uploads } from './uploads.js';
import { createUsage, type Usage } from './usage.js';
import { accountBody } from './webhook-body.js';
import { createWebhookHub, type WebhookHub } from './webhook-hub.js';
import { createWebhookSender, type WebhookSender } from './webhook-sender.js';

/** Everything that this WhatsApp is made of. */
export interface World {
  config: Config;
  time: SimulatedTime;
  log: Logger;
  dispatcher: Dispatcher;
  numbers: Numbers;
  network: Network;
  media: MediaStore;
  uploads: Uploads;
  templates: Templates;
  scenarios: Scenarios;
  usage: Usage;
  sender: WebhookSender;
  webhooks: WebhookHub;
  live: Live;
  /** Where the sandbox listens; known once it does. */
  url: () => string;
  /** Back to the beginning, except for the clock. */
  reset: () => void;
}

export interface WorldOptions {
  config: Config;
  time: SimulatedTime;
  log: Logger;
  dispatcher: Dispatcher;
  url: () => string;
}

export function createWorld({ config, time, log, dispatcher, url }: WorldOptions): World {
  const live = createLive();
  const numbers = createNumbers(config);
  const sender = createWebhookSender({
    appSecret: config.appSecret,
    concurrency: config.webhookConcurrency,
    dispatcher,
    schedule: time.schedule,
    clock: time.now,
    log,
    onAttempt: (webhook) => live.publish('webhook', webhook),
  });
  const scenarios = createScenarios(() => {
    live.publish('scenarios', scenarios.active());
    webhooks.release();
  });
  const webhooks = createWebhookHub({ numbers, scenarios, sender, time });
  const templates = createTemplates({
    time,
    reviewAfterMs: config.reviewDelayMs,
    maxPerAccount: 6_000,
    emit(wabaId, field, value) {
      void webhooks.emit(accountBody(wabaId, field, value, time.now()));
      live.publish('templates', undefined);
    },
  });
  const network = createNetwork({
    time,
    assumeWindow: config.assumeWindow,
    hasLimits: config.hasLimits,
    webhookVersion: config.webhookVersion,
    freeConversations: config.freeConversations,
  });
  const media = createMediaStore(time, config.mediaBytes);
  const uploads = createUploads(time);
  const usage = createUsage();
  const seed = () => {
    for (const wabaId of new Set(config.numbers.map((number) => number.wabaId))) seedTemplates(templates, wabaId);
  };
  seed();
  return {
    config,
    time,
    log,
    dispatcher,
    numbers,
    network,
    media,
    uploads,
    templates,
    scenarios,
    usage,
    sender,
    webhooks,
    live,
    url,
    reset() {
      network.clear();
      media.clear();
      uploads.clear();
      templates.clear();
      usage.clear();
      scenarios.clear();
      seed();
      live.publish('reset', undefined);
    },
  };
}
