import { CUSTOMER_TYPING_SUBJECTS, customerTyping, type CustomerTyping } from '@fenster/contracts';
import { sql, type Database } from '@fenster/database';
import type { NatsConnection } from '@fenster/messaging';
import { tryParseJson, type Logger } from '@fenster/runtime';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { Providers } from '../providers/providers.js';

/** More than that at once would take the connections of messages. What cannot be shown now is not shown. */
const MAX_IN_FLIGHT = 4;
/** Of the service's processes one shows it. */
const QUEUE = 'channels';

export interface CustomerTypingOptions {
  database: Database;
  connection: NatsConnection;
  providers: Providers;
  secretKey: Buffer;
  log: Logger;
}

/** Lets customers see that somebody types. A hint that fails is nobody's trouble: the next one comes within seconds. */
export function createCustomerTypingListener({
  database,
  connection,
  providers,
  secretKey,
  log,
}: CustomerTypingOptions): {
  /** Resolves when what is typed from now on is heard. */
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const inFlight = new Set<Promise<void>>();
  let end = () => {};

  async function show({ workspaceId, channelId, providerMessageId }: CustomerTyping): Promise<void> {
    const { rows } = await sql<SealedCredentials>`
      select c.id as "channelId", ${SEALED_CREDENTIALS} from channel c
      where workspace_id = ${workspaceId} and id = ${channelId} and state = 'ACTIVE'
    `.execute(database.system().getKysely());
    const [channel] = rows;
    if (!channel) return;
    await providers[channel.channelKind].showTyping(providerMessageId, openCredentials(secretKey, channel));
  }

  function hear(text: string): void {
    if (inFlight.size >= MAX_IN_FLIGHT) return;
    const typing = customerTyping.safeParse(tryParseJson(text));
    if (!typing.success) return log.warn('heard something of typing that it does not understand');
    const showing = show(typing.data)
      .catch((error: unknown) => log.warn({ err: error }, 'cannot show that somebody types'))
      .finally(() => inFlight.delete(showing));
    inFlight.add(showing);
  }

  return {
    async start() {
      const subscription = connection.subscribe(CUSTOMER_TYPING_SUBJECTS, {
        queue: QUEUE,
        callback: (error, message) => {
          if (error) log.warn({ err: error }, 'typing is not heard');
          else hear(message.string());
        },
      });
      end = () => subscription.unsubscribe();
      await connection.flush();
    },
    async stop() {
      end();
      await Promise.all(inFlight);
    },
  };
}
