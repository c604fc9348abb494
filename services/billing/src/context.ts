import type { LiveLog } from '@fenster/database';
import type { GraphQLContext } from '@fenster/graphql';
import type { Books } from './price-books/books.js';

export interface BillingApp {
  books: Books;
  /** Something may be rated otherwise now. */
  wakeRating(): void;
  /** There is an export for this process, or another. */
  wakeJobs(): void;
  liveLog: LiveLog;
  /** Where alerts can be sent. */
  alerts: { allowLoopback: boolean; sendsMail: boolean };
  secretKey: Buffer;
  /** Where browsers fetch files. */
  filesUrl(): string;
}

export type BillingContext = GraphQLContext<BillingApp>;
