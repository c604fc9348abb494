import { createSubgraphService, type ServiceParts, type Overrides, type SubgraphOptions } from '@fenster/graphql';
import { createErasureCleaner, createLiveLog, createRetentionWorker, type Ctx } from '@fenster/database';
import { createJobRunner, fileDownloadRoute, FILES_PATH, removeFiles } from '@fenster/jobs';
import { openObjectStore } from '@fenster/object-store';
import { createPoller, type Service } from '@fenster/runtime';
import { createPublicFetch } from '@fenster/runtime/public-fetch';
import { AlertDestination } from './alerts/alert-destination.entity.js';
import { AlertEventsSubscription } from './alerts/alert-events.subscription.js';
import { Alert } from './alerts/alert.entity.js';
import { AlertDestinationResolver, AlertResolver } from './alerts/alert.resolver.js';
import { AlertAcknowledged, AlertRaised, AlertsLiveStarted, AlertsReplayGap } from './alerts/alert.types.js';
import { deliverAlerts } from './alerts/deliver-alerts.js';
import { createMailer } from './alerts/mailer.js';
import { WEBHOOK_LIMITS } from './alerts/send-webhook.js';
import { workOutUsualCosts } from './alerts/usual-cost.js';
import { Charge } from './charges/charge.entity.js';
import { ChargeResolver, resolveCharge } from './charges/charge.resolver.js';
import {
  ContactCostResolver,
  ContactResolver,
  ConversationCostResolver,
  ConversationResolver,
  MessageChargeResolver,
  MessageResolver,
  resolveById,
  resolveContact,
  resolveConversation,
  WindowCostResolver,
} from './charges/cost.resolver.js';
import { ContactType, MessageType } from './charges/charge.types.js';
import { ConversationTotal } from './charges/conversation-total.entity.js';
import { createRatingAgain } from './charges/rate-again.js';
import { createConsumers } from './consumers.js';
import type { Config } from './config.js';
import type { BillingApp } from './context.js';
import { Budget } from './budgets/budget.entity.js';
import { BudgetResolver } from './budgets/budget.resolver.js';
import { ForecastResolver } from './forecasts/forecast.resolver.js';
import { costJobs } from './exports/cost-jobs.js';
import { exportJob } from './exports/export.job.js';
import { CostExportResolver } from './exports/export.resolver.js';
import { migrations } from './migrations.js';
import { AllowanceResolver } from './allowances/allowance.resolver.js';
import { ClosedPeriod } from './periods/closed-period.entity.js';
import { PeriodResolver } from './periods/period.resolver.js';
import { Books } from './price-books/books.js';
import { PriceBookResolver } from './price-books/price-book.resolver.js';
import { WorkspacePriceBook } from './price-books/workspace-price-book.entity.js';
import {
  NewsletterQuoteResolver,
  QuoteMessagesResolver,
  QuoteReasonResolver,
  QuoteTextResolver,
  ReplyQuoteResolver,
  resolveNewsletterPreview,
} from './quotes/quote.resolver.js';
import { NewsletterPreviewType } from './quotes/quote.types.js';
import { ImportedInvoice, Reconciliation } from './reconciliations/reconciliation.entity.js';
import {
  InvoiceResolver,
  ReconciliationReportResolver,
  ReconciliationResolver,
} from './reconciliations/reconciliation.resolver.js';
import { RecalculationResolver } from './recalculations/recalculation.resolver.js';
import { CostReportKeyResolver, CostReportResolver } from './reports/cost-report.resolver.js';
import { ExpensiveConversationsResolver } from './reports/expensive-conversations.resolver.js';
import { TokenUsage } from './token-usage/token-usage.entity.js';
import { TokenUsageResolver } from './token-usage/token-usage.resolver.js';
import { alertsStep } from './retention/alerts-step.js';
import { statementJob } from './statements/statement.job.js';
import { UnratedMessageResolver } from './unrated/unrated.resolver.js';
import { readPriceBook, shipPriceBook } from './price-books/stored-price-book.js';

export const subgraph: SubgraphOptions = {
  resolvers: [
    ChargeResolver,
    ConversationResolver,
    ConversationCostResolver,
    WindowCostResolver,
    ContactResolver,
    ContactCostResolver,
    MessageResolver,
    MessageChargeResolver,
    PriceBookResolver,
    PeriodResolver,
    AllowanceResolver,
    RecalculationResolver,
    UnratedMessageResolver,
    CostReportResolver,
    CostReportKeyResolver,
    ExpensiveConversationsResolver,
    ReplyQuoteResolver,
    QuoteMessagesResolver,
    NewsletterQuoteResolver,
    QuoteTextResolver,
    QuoteReasonResolver,
    ForecastResolver,
    CostExportResolver,
    ReconciliationResolver,
    InvoiceResolver,
    TokenUsageResolver,
    ReconciliationReportResolver,
    BudgetResolver,
    AlertResolver,
    AlertDestinationResolver,
    AlertEventsSubscription,
  ],
  orphanedTypes: [
    ContactType,
    MessageType,
    NewsletterPreviewType,
    AlertRaised,
    AlertAcknowledged,
    AlertsLiveStarted,
    AlertsReplayGap,
  ],
  references: {
    Charge: { permission: 'cost:read', resolve: resolveCharge },
    Conversation: { permission: 'signed-in', resolve: resolveConversation },
    Contact: { permission: 'signed-in', resolve: resolveContact },
    Message: { permission: 'signed-in', resolve: resolveById },
    NewsletterPreview: { permission: 'signed-in', resolve: resolveNewsletterPreview },
  },
};

export const entities = [
  Charge,
  ConversationTotal,
  WorkspacePriceBook,
  ClosedPeriod,
  Reconciliation,
  ImportedInvoice,
  TokenUsage,
  Budget,
  Alert,
  AlertDestination,
];

const RATES = new URL('../data/rates.csv', import.meta.url);

/** Finds exports of processes that are gone. */
const JOB_POLL_MS = 1_000;
const HOUSEKEEPING_MS = 60_000;
const ALERT_POLL_MS = 1_000;

/** @throws ConfigurationError naming every line of the price book that cannot be used. */
export async function createBillingService(config: Config, overrides?: Overrides): Promise<Service> {
  const file = await readPriceBook(RATES);
  const books = new Books(file.book);
  let wakeErasures = () => {};
  let wakeRating = () => {};
  let wakeRetention = () => {};
  const store = await openObjectStore(config);
  const service: Service = await createSubgraphService({
    name: 'billing',
    config,
    overrides,
    entities,
    migrations,
    consumers: createConsumers(
      books,
      () => wakeErasures(),
      () => wakeRating(),
      () => wakeRetention(),
    ),
    subgraph,
    async build({ connection, ...infrastructure }): Promise<ServiceParts<BillingApp>> {
      const ctxOf = (id: string): Ctx => ({
        ...infrastructure,
        origin: { actor: { kind: 'system', id }, correlationId: id },
      });
      await shipPriceBook(ctxOf('shipped-price-book'), file);
      const ratingAgain = createRatingAgain(ctxOf('rating-again'), books, file);
      wakeRating = ratingAgain.wake;
      const erasures = createErasureCleaner({ service: 'billing', ctx: ctxOf('billing'), connection });
      wakeErasures = erasures.wake;
      const retention = createRetentionWorker({ service: 'billing', ctx: ctxOf('billing'), steps: [alertsStep] });
      wakeRetention = retention.wake;
      const files = { ctx: ctxOf('exports'), store, secretKey: config.SECRET_KEY };
      const jobs = createJobRunner({
        jobs: costJobs,
        ctx: files.ctx,
        definitions: [exportJob(files), statementJob(files)],
        concurrency: config.JOB_CONCURRENCY,
        pollMs: JOB_POLL_MS,
      });
      const housekeeping = createPoller({
        name: 'removing files',
        everyMs: HOUSEKEEPING_MS,
        log: infrastructure.log,
        async work(isStopped) {
          while (!isStopped() && (await removeFiles(files)));
        },
      });
      const { database, log } = infrastructure;
      const liveLog = createLiveLog({ database, connection, log });
      const { SMTP_URL, MAIL_FROM, ALERT_WEBHOOKS_ALLOW_LOOPBACK: allowLoopback } = config;
      const mailer = SMTP_URL && MAIL_FROM ? createMailer({ url: SMTP_URL, from: MAIL_FROM }) : undefined;
      const deliveries = {
        ctx: ctxOf('alerts'),
        secretKey: config.SECRET_KEY,
        fetch: createPublicFetch({ allowLoopback, ...WEBHOOK_LIMITS }),
        mailer,
      };
      const delivering = createPoller({
        name: 'delivering alerts',
        everyMs: ALERT_POLL_MS,
        log,
        async work(isStopped) {
          while (!isStopped() && (await deliverAlerts(deliveries)));
        },
      });
      const usualCosts = createPoller({
        name: 'working out what conversations usually cost',
        everyMs: HOUSEKEEPING_MS,
        log,
        work: (isStopped) => workOutUsualCosts(ctxOf('usual-costs'), isStopped),
      });
      const pollers = [ratingAgain, erasures, retention, jobs, housekeeping, delivering, usualCosts];
      return {
        app: {
          books,
          wakeRating: ratingAgain.wake,
          wakeJobs: jobs.wake,
          liveLog,
          alerts: { allowLoopback, sendsMail: mailer !== undefined },
          secretKey: config.SECRET_KEY,
          filesUrl: () => config.FILES_URL ?? `${service.url}${FILES_PATH}`,
        },
        routes: { [`GET ${FILES_PATH}`]: fileDownloadRoute(files) },
        start() {
          liveLog.start();
          for (const poller of pollers) poller.start();
        },
        async stop() {
          await Promise.all([liveLog, ...pollers].map((each) => each.stop()));
          mailer?.close();
          await store.close();
        },
      };
    },
  });
  return service;
}
