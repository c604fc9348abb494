import {
  channelMediaFailed,
  channelMediaStored,
  channelMediaUploaded,
  channelMessageAccepted,
  channelMessageChanged,
  channelMessageDelayed,
  channelMessageFailed,
  channelMessageImported,
  channelMessageReceived,
  channelPreferenceReceived,
  channelRecipientIdentified,
  channelStatusReceived,
  clickToChatLinkUsed,
  chargeRecorded,
  messageEchoed,
  messageQueued,
  messageReceived,
  newsletterMessageProgressed,
  serviceWindowClosed,
  threadConsentStated,
  threadIdentityChanged,
  threadOpened,
  type Envelope,
} from '@fenster/contracts';
import { toldEvents } from '@fenster/conversation';
import { DATABASES, type DatabaseName, type Stack } from '@fenster/local';
import pg from 'pg';
import { InboxLog, toldToAll } from './inbox-log.js';
import type { SentReply, ThreadRow, WorkspaceLog } from './verdict.js';

/** Who has to handle which events: each once, and as many as were published. */
export const CONSUMERS = [
  {
    name: 'conversation-channel-events',
    from: 'channels',
    filter: 'channels.>',
    in: 'conversation',
    events: [
      channelRecipientIdentified,
      channelMessageReceived,
      channelMessageImported,
      channelMessageAccepted,
      channelMessageChanged,
      channelMessageDelayed,
      channelPreferenceReceived,
      channelMessageFailed,
      channelMediaStored,
      channelMediaFailed,
      channelMediaUploaded,
      channelStatusReceived,
    ],
  },
  {
    name: 'conversation-charge-recorded',
    from: 'billing',
    filter: 'billing.charge.recorded.>',
    in: 'conversation',
    events: [chargeRecorded],
  },
  {
    name: 'channels-message-queued',
    from: 'conversation',
    filter: 'conversation.message.queued.>',
    in: 'channels',
    events: [messageQueued],
  },
  {
    name: 'contacts-thread-events',
    from: 'conversation',
    filter: 'conversation.>',
    in: 'contacts',
    events: [
      threadOpened,
      threadIdentityChanged,
      threadConsentStated,
      newsletterMessageProgressed,
      clickToChatLinkUsed,
      messageReceived,
      messageQueued,
      messageEchoed,
      serviceWindowClosed,
    ],
  },
  {
    name: 'billing-message-queued',
    from: 'conversation',
    filter: 'conversation.message.queued.>',
    in: 'billing',
    events: [messageQueued],
  },
  {
    name: 'billing-message-accepted',
    from: 'channels',
    filter: 'channels.message.accepted.>',
    in: 'billing',
    events: [channelMessageAccepted],
  },
  {
    name: 'billing-message-failed',
    from: 'channels',
    filter: 'channels.message.failed.>',
    in: 'billing',
    events: [channelMessageFailed],
  },
  {
    name: 'billing-status-received',
    from: 'channels',
    filter: 'channels.status.received.>',
    in: 'billing',
    events: [channelStatusReceived],
  },
] as const satisfies { in: DatabaseName; from: DatabaseName; [key: string]: unknown }[];
export type ConsumerEntry = (typeof CONSUMERS)[number];

const LOG_CHUNK = 20_000;

/** What the services wrote down, read past them to be compared with what the outside world was told. */
export class Books {
  readonly #clients: Readonly<Record<DatabaseName, pg.Client>>;

  private constructor(clients: Readonly<Record<DatabaseName, pg.Client>>) {
    this.#clients = clients;
  }

  /** As the databases' owners, whom row-level security does not bind. Open it when PostgreSQL is killed no more. */
  static async open({ deployment }: Stack): Promise<Books> {
    const clients = DATABASES.map((name) => {
      const client = new pg.Client({ connectionString: deployment.databaseUrls[name] });
      // Whoever waits for an answer is told.
      client.on('error', () => undefined);
      return [name, client] as const;
    });
    const books = new Books(Object.fromEntries(clients) as Record<DatabaseName, pg.Client>);
    try {
      for (const [, client] of clients) await client.connect();
      return books;
    } catch (error) {
      await books.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(Object.values(this.#clients).map((client) => client.end()));
  }

  /** What is still on its way, in words; empty when everything has arrived. */
  async underWay(): Promise<string[]> {
    const found: string[] = [];
    const notice = (count: number, what: string) => count > 0 && found.push(`${count} ${what}`);
    for (const service of DATABASES) {
      notice(await this.#count(service, 'select count(*) from outbox_pending'), `events of ${service} to be published`);
    }
    for (const { name, from, in: to, events } of CONSUMERS) {
      const names = events.map((event) => event.name);
      const published = await this.#count(from, 'select count(*) from outbox where name = any($1)', [names]);
      const handled = await this.#count(to, 'select count(*) from inbox where consumer = $1', [name]);
      notice(Math.abs(published - handled), `events between ${from} and ${name}`);
    }
    notice(
      await this.#count('channels', `select count(*) from outbound_message where state in ('QUEUED', 'ATTEMPTED')`),
      'replies to be sent',
    );
    notice(
      await this.#count(
        'conversation',
        `select count(*) from message where direction = 'OUTBOUND' and status not in ('READ', 'UNCONFIRMED', 'FAILED')`,
      ),
      'replies without an end',
    );
    return found;
  }

  async logs(): Promise<WorkspaceLog[]> {
    const logs: WorkspaceLog[] = [];
    for (const service of DATABASES) {
      const rows = await this.#rows<Record<keyof WorkspaceLog, string>>(
        service,
        `select workspace_id as "workspaceId", count(*) as events, min(seq) as first, max(seq) as last,
           coalesce((select last_seq from outbox_counter c where c.workspace_id = o.workspace_id), 0) as allocated,
           (select count(*) from outbox_pending p where p.workspace_id = o.workspace_id) as pending
         from outbox o group by workspace_id`,
      );
      for (const { workspaceId, ...numbers } of rows) {
        const { events, first, last, allocated, pending } = numbers;
        logs.push({
          service,
          workspaceId,
          events: Number(events),
          first: Number(first),
          last: Number(last),
          allocated: Number(allocated),
          pending: Number(pending),
        });
      }
    }
    return logs;
  }

  /** In all logs together. */
  async eventCount(): Promise<number> {
    return (await this.logs()).reduce((sum, { events }) => sum + events, 0);
  }

  /** How many events of its stream a consumer is handed. */
  publishedFor({ from, filter }: ConsumerEntry): Promise<number> {
    const name = filter.replace('.>', '');
    return this.#count(from, `select count(*) from outbox where name = $1 or name like $1 || '.%'`, [name]);
  }

  /** How far a consumer has read, and in which stream. */
  async positionOf({ name, in: service }: ConsumerEntry): Promise<{ created: string; position: number } | undefined> {
    const [row] = await this.#rows<{ stream_created: string; position: string }>(
      service,
      'select stream_created, position from consumer_position where consumer = $1',
      [name],
    );
    return row && { created: row.stream_created, position: Number(row.position) };
  }

  /** Infrastructure that goes away makes no event unreadable: nothing may end there. */
  async deadLetters(): Promise<string[]> {
    const found: string[] = [];
    for (const service of DATABASES) {
      const rows = await this.#rows<{ source: string; reason: string; count: string }>(
        service,
        'select source, reason, count(*) from dead_letter group by source, reason',
      );
      found.push(...rows.map(({ source, reason, count }) => `${service}: ${count} of ${source}, ${reason}`));
    }
    return found;
  }

  async threads(): Promise<{ id: string; phone: string }[]> {
    return this.#rows('conversation', 'select id, phone from thread');
  }

  thread(id: string): Promise<ThreadRow[]> {
    return this.#rows(
      'conversation',
      `select seq, direction, provider_message_id as "providerMessageId", text from message where thread_id = $1 order by seq`,
      [id],
    );
  }

  async contactCount(): Promise<number> {
    return this.#count('contacts', 'select count(*) from contact');
  }

  /** The inbox as the log tells it, of one conversation if it is named. */
  async inbox(after: number, conversationId?: string): Promise<InboxLog> {
    const log = new InboxLog();
    for (let at = after; ;) {
      const rows = await this.#rows<{ seq: string; envelope: string }>(
        'conversation',
        `select seq, envelope::text from outbox where seq > $1 and name = any($2)
           and ($3::text is null or envelope::jsonb -> 'data' ->> 'conversationId' = $3)
         order by seq limit $4`,
        [at, toldEvents, conversationId ?? null, LOG_CHUNK],
      );
      for (const { seq, envelope } of rows) {
        const told = toldToAll(JSON.parse(envelope) as Envelope);
        if (told) log.add(Number(seq), told.type, told.entityId, told.status);
      }
      if (rows.length < LOG_CHUNK) return log;
      at = Number(rows.at(-1)!.seq);
    }
  }

  async sentReplies(): Promise<SentReply[]> {
    const messages = await this.#rows<{ id: string; status: string; text: string }>(
      'conversation',
      `select id, status, text from message where direction = 'OUTBOUND' order by id`,
    );
    const sends = await this.#counts(
      'channels',
      `select envelope::jsonb -> 'data' ->> 'messageId' as id, count(distinct envelope::jsonb -> 'data' ->> 'providerMessageId') as count
       from outbox where name = $1 group by 1`,
      [channelStatusReceived.name],
    );
    const charges = await this.#counts(
      'billing',
      'select message_id as id, sum(messages) as count from charge group by 1',
    );
    return messages.map(({ id, status, text }) => ({
      messageId: id,
      status,
      text,
      providerIds: sends.get(id) ?? 0,
      charges: charges.get(id) ?? 0,
    }));
  }

  async #counts(service: DatabaseName, text: string, values: unknown[] = []): Promise<Map<string, number>> {
    const rows = await this.#rows<{ id: string; count: string }>(service, text, values);
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  async #count(service: DatabaseName, text: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.#rows<{ count: string }>(service, text, values);
    return Number(row!.count);
  }

  async #rows<Row extends object>(service: DatabaseName, text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#clients[service].query<Row>(text, values);
    return rows;
  }
}
