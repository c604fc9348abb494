import { AccessRequestResolver } from './access-requests/access-request.resolver.js';
import { createArchivePacker } from './access-requests/archive-packer.js';
import { createSubgraphService, type Overrides, type SubgraphOptions } from '@fenster/graphql';
import { createErasureCleaner, createLiveLog, createRenewal, createRetentionWorker } from '@fenster/database';
import {
  createJobRunner,
  endFilesBeforeErasures,
  fileDownloadRoute,
  filePreflightRoute,
  FILES_PATH,
  fileUploadRoute,
  removeFiles,
} from '@fenster/jobs';
import { createClamdScanner, openObjectStore } from '@fenster/object-store';
import { createPersonMark, createPoller, newId, type Service } from '@fenster/runtime';
import type { Config } from './config.js';
import {
  ConsentEventResolver,
  ConsentPurposeResolver,
  ConsentRecordedResolver,
  ConsentResolver,
  ContactConsentsResolver,
} from './consent/consent.resolver.js';
import { linkRenewal } from './click-to-chat/announce-links.js';
import { ClickToChatLinkResolver, ContactAttributionResolver } from './click-to-chat/click-to-chat.resolver.js';
import { resolveLink } from './click-to-chat/click-to-chat.queries.js';
import { QR_CODE_PATH, qrCodeRoute, qrCodeUrl } from './click-to-chat/qr-code.route.js';
import { textRenewal } from './consent/announce-texts.js';
import { consentRenewal } from './consent/consent-renewal.js';
import { createConsentSigner, type ConsentSigner } from './consent/consent-signer.js';
import { ConsentReceiptResolver, ContactReceiptsResolver } from './consent-receipts/receipt.resolver.js';
import { KEYS_PATH, keysRoute, RECEIPT_PATH, receiptRoute, receiptUrl } from './consent-receipts/receipt.route.js';
import { consumersOf } from './consumers.js';
import type { ContactsApp } from './context.js';
import { ContactIdentityResolver, ContactResolver, resolveContact } from './contacts/contact.resolver.js';
import { DataControllerResolver } from './data-controller/data-controller.resolver.js';
import { entities } from './entities.js';
import {
  ContactCreated,
  ContactMerged,
  ContactMergeUndone,
  ContactNamed,
  ContactsLiveStarted,
  ContactsReplayGap,
  ContactUpdated,
} from './events/contact-event.types.js';
import { ContactEventsSubscription } from './events/contact-events.subscription.js';
import { AttributeResolver, ContactAttributesResolver } from './attributes/attribute.resolver.js';
import { ContactLabelResolver, ContactLabelsResolver } from './labels/contact-label.resolver.js';
import { DuplicateResolver } from './duplicates/duplicate.resolver.js';
import { forgetMerges } from './merges/merge.commands.js';
import { ContactMergesResolver, MergeResolver } from './merges/merge.resolver.js';
import { ContactFileResolver, ContactFilesResolver } from './contact-files/contact-file.resolver.js';
import { ContactNoteResolver, ContactNotesResolver } from './notes/contact-note.resolver.js';
import { CERTIFICATE_PATH, certificateRoute, certificateUrl } from './erasures/certificate.route.js';
import { takeReport } from './erasures/erasure-reports.js';
import { ErasureResolver } from './erasures/erasure.resolver.js';
import { exportJob } from './exports/export.job.js';
import { ExportResolver } from './exports/export.resolver.js';
import { IS_KNOWN_WHOSE } from './files/known-files.js';
import { forgetEndedKeys, importJob } from './imports/import.job.js';
import { ImportResolver, JobImportRowsResolver } from './imports/import.resolver.js';
import { contactJobs } from './jobs/contact-jobs.js';
import { JobProgressedResolver, JobResolver } from './jobs/job.resolver.js';
import { JobProgressed } from './jobs/job.types.js';
import { findLikenesses } from './duplicates/find-likenesses.js';
import { fillCountries } from './identities/fill-countries.js';
import { nameRenewal } from './identities/name-renewal.js';
import { createNewsletterRunner } from './newsletters/newsletter-runner.js';
import { resolveNewsletter, resolveNewsletterPreview } from './newsletters/newsletter.queries.js';
import {
  NewsletterProgressedResolver,
  NewsletterRecipientResolver,
  NewsletterResolver,
} from './newsletters/newsletter.resolver.js';
import { NewsletterProgressed } from './newsletters/newsletter.types.js';
import { LegalHoldResolver } from './legal-holds/legal-hold.resolver.js';
import {
  PROCESSING_RECORD_PATH,
  processingRecordRoute,
  processingRecordUrl,
} from './processing-records/processing-record.route.js';
import { ProcessingRecordResolver } from './processing-records/processing-record.resolver.js';
import { migrations } from './migrations.js';
import { retentionSteps } from './retention/remove-inactive.js';
import { takeRetentionReport } from './retention/retention-run.js';
import { createRetentionSchedule } from './retention/retention-schedule.js';
import { RetentionResolver, RetentionRunResolver } from './retention/retention.resolver.js';
import { createSegmentCounts } from './segments/segment-counts.js';
import { SegmentChangedResolver, SegmentResolver } from './segments/segment.resolver.js';
import { SegmentChanged } from './segments/segment.types.js';

/** What people see without signing in: the gateway has no part in it. */
const DOCUMENTS_PATH = '/documents';

/** Finds jobs of processes that are gone. */
const JOB_POLL_MS = 1_000;
const HOUSEKEEPING_MS = 60_000;
const COUNTRY_POLL_MS = 2_000;
const LIKENESS_POLL_MS = 1_000;
const COUNT_AGAIN_MS = 30_000;
/** How long a virus scanner may be silent. */
const SCANNER_SILENCE_MS = 30_000;

export const subgraph: SubgraphOptions = {
  resolvers: [
    ContactResolver,
    ContactIdentityResolver,
    AttributeResolver,
    ContactAttributesResolver,
    ContactLabelResolver,
    ContactLabelsResolver,
    ContactNoteResolver,
    ContactNotesResolver,
    ContactFileResolver,
    ContactFilesResolver,
    DuplicateResolver,
    MergeResolver,
    ContactMergesResolver,
    ContactEventsSubscription,
    JobResolver,
    JobProgressedResolver,
    ImportResolver,
    JobImportRowsResolver,
    ExportResolver,
    ContactConsentsResolver,
    ConsentResolver,
    ConsentEventResolver,
    ConsentPurposeResolver,
    ConsentRecordedResolver,
    ConsentReceiptResolver,
    ContactReceiptsResolver,
    DataControllerResolver,
    ErasureResolver,
    LegalHoldResolver,
    RetentionResolver,
    RetentionRunResolver,
    SegmentResolver,
    SegmentChangedResolver,
    AccessRequestResolver,
    NewsletterResolver,
    NewsletterProgressedResolver,
    NewsletterRecipientResolver,
    ClickToChatLinkResolver,
    ContactAttributionResolver,
    ProcessingRecordResolver,
  ],
  orphanedTypes: [
    ContactsLiveStarted,
    ContactsReplayGap,
    ContactCreated,
    ContactUpdated,
    ContactNamed,
    ContactMerged,
    ContactMergeUndone,
    JobProgressed,
    SegmentChanged,
    NewsletterProgressed,
  ],
  references: {
    Contact: { permission: 'contact:read', resolve: resolveContact },
    ClickToChatLink: { permission: 'contact:read', resolve: resolveLink },
    Newsletter: { permission: 'contact:manage', resolve: resolveNewsletter },
    NewsletterPreview: { permission: 'contact:manage', resolve: resolveNewsletterPreview },
  },
};

export async function createContactsService(config: Config, overrides: Overrides = {}): Promise<Service> {
  let signer!: ConsentSigner;
  let wakeErasures = () => {};
  let wakePacker = () => {};
  const markOf = createPersonMark(config.SECRET_KEY);
  const erasureOptions = {
    markOf,
    wakeCleaner: () => wakeErasures(),
    backupRetentionDays: config.BACKUP_RETENTION_DAYS,
  };
  const store = await openObjectStore(config);
  const scanner =
    config.FILES_SCANNER_URL && createClamdScanner({ ...config.FILES_SCANNER_URL, timeoutMs: SCANNER_SILENCE_MS });
  const filesUrl = () => config.FILES_URL ?? `${service.url}${FILES_PATH}`;
  const documentsUrl = () => config.DOCUMENTS_URL ?? `${service.url}${DOCUMENTS_PATH}`;
  const jwksUrl = () => `${documentsUrl()}${KEYS_PATH}`;
  const service: Service = await createSubgraphService<ContactsApp>({
    name: 'contacts',
    config,
    overrides,
    entities,
    migrations,
    consumers: consumersOf(() => signer, erasureOptions, {
      secretKey: config.SECRET_KEY,
      wakePacker: () => wakePacker(),
    }),
    subgraph,
    async build(infrastructure) {
      const origin = { actor: { kind: 'system', id: 'contacts' }, correlationId: newId() } as const;
      const ctx = { ...infrastructure, origin };
      const renewals = [nameRenewal, consentRenewal, textRenewal, linkRenewal].map((renewal) =>
        createRenewal(ctx, renewal),
      );
      signer = createConsentSigner(ctx, config.SECRET_KEY);
      const { database, connection, log } = infrastructure;
      const liveLog = createLiveLog({ database, connection, log });
      const files = { ctx, store, secretKey: config.SECRET_KEY, scanner };
      const erasures = createErasureCleaner({
        service: 'contacts',
        ctx,
        connection,
        markOf,
        async cleanUp() {
          await endFilesBeforeErasures({ ...files, isKnown: IS_KNOWN_WHOSE });
          while (await removeFiles(files));
          return true;
        },
        report: (tx, { workspaceId, erasureId }, report) =>
          takeReport(tx, { workspaceId, erasureId, phase: 'LOG', service: 'contacts', report }, erasureOptions),
      });
      wakeErasures = erasures.wake;
      const retention = createRetentionWorker({
        service: 'contacts',
        ctx,
        steps: retentionSteps,
        report: (tx, workspaceId, report) => takeRetentionReport(tx, { workspaceId, service: 'contacts' }, report),
      });
      const retentionSchedule = createRetentionSchedule(ctx, retention.wake);
      const packer = createArchivePacker({ ...files, connection, signer, jwksUrl });
      wakePacker = packer.wake;
      const jobs = createJobRunner({
        jobs: contactJobs,
        ctx,
        definitions: [importJob({ ...files, signer: () => signer, markOf }), exportJob(files)],
        concurrency: config.JOB_CONCURRENCY,
        pollMs: JOB_POLL_MS,
      });
      const housekeeping = createPoller({
        name: 'removing files',
        everyMs: HOUSEKEEPING_MS,
        log,
        async work(isStopped) {
          await forgetEndedKeys(ctx);
          await forgetMerges(ctx);
          await endFilesBeforeErasures({ ...files, isKnown: IS_KNOWN_WHOSE });
          while (!isStopped() && (await removeFiles(files)));
        },
      });
      const countries = createPoller({
        name: 'looking up countries',
        everyMs: COUNTRY_POLL_MS,
        log,
        async work(isStopped) {
          while (!isStopped() && (await fillCountries(ctx)));
        },
      });
      const likenesses = createPoller({
        name: 'looking for duplicates',
        everyMs: LIKENESS_POLL_MS,
        log,
        async work(isStopped) {
          let after = await findLikenesses(ctx);
          while (!isStopped() && after) after = await findLikenesses(ctx, after);
        },
      });
      const newsletters = createNewsletterRunner(ctx);
      // Before consumers begin.
      await signer.ensureKey();
      return {
        app: {
          signer,
          markOf,
          store,
          liveLog,
          segmentCounts: createSegmentCounts({
            database,
            liveLog,
            now: infrastructure.now,
            log,
            againMs: COUNT_AGAIN_MS,
          }),
          secretKey: config.SECRET_KEY,
          filesUrl,
          wakeJobs: jobs.wake,
          wakeNewsletters: newsletters.wake,
          wakeRetention: retention.wake,
          receiptUrl: (id, asked) => receiptUrl(documentsUrl(), id, asked),
          jwksUrl,
          processingRecordUrl: (of, asked) =>
            processingRecordUrl(documentsUrl(), { secretKey: config.SECRET_KEY, ...of }, asked),
          qrCodeUrl: (id, format) => qrCodeUrl(documentsUrl(), id, format),
          certificateUrl: (id, asked) => certificateUrl(documentsUrl(), config.SECRET_KEY, id, asked),
        },
        routes: {
          [`OPTIONS ${FILES_PATH}`]: filePreflightRoute(),
          [`PUT ${FILES_PATH}`]: fileUploadRoute(files),
          [`GET ${FILES_PATH}`]: fileDownloadRoute(files),
          [`GET ${DOCUMENTS_PATH}${RECEIPT_PATH}`]: receiptRoute(infrastructure),
          [`GET ${DOCUMENTS_PATH}${CERTIFICATE_PATH}`]: certificateRoute({
            database,
            secretKey: config.SECRET_KEY,
            signer,
            jwksUrl,
          }),
          [`GET ${DOCUMENTS_PATH}${PROCESSING_RECORD_PATH}`]: processingRecordRoute({
            database,
            config,
            now: infrastructure.now,
          }),
          [`GET ${DOCUMENTS_PATH}${QR_CODE_PATH}`]: qrCodeRoute(database),
          [`GET ${DOCUMENTS_PATH}${KEYS_PATH}`]: keysRoute(infrastructure.database),
        },
        start() {
          liveLog.start();
          jobs.start();
          housekeeping.start();
          countries.start();
          likenesses.start();
          newsletters.start();
          for (const renewal of renewals) renewal.start();
          erasures.start();
          packer.start();
          retention.start();
          retentionSchedule.start();
        },
        async stop() {
          await liveLog.stop();
          await Promise.all([...renewals, erasures, packer, retention, retentionSchedule].map((each) => each.stop()));
          await Promise.all(
            [jobs, housekeeping, countries, likenesses, newsletters, liveLog].map((each) => each.stop()),
          );
          await Promise.all(renewals.map((renewal) => renewal.stop()));
          await store.close();
        },
      };
    },
  });
  return service;
}
