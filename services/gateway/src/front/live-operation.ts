import { GraphQLError } from 'graphql';
import { MessageType } from 'graphql-ws';
import type { PreparedOperation } from '../operation/operations.js';
import { codedError } from '../operation/results.js';
import type { Connection, FrontContext } from './connection.js';
import type { Credentials } from '../credentials.js';
import { nextFrame, nextPrefix } from './frame.js';
import type { Membership, Subscriber } from './hub.js';

/** One operation of one socket, from `subscribe` to `complete` or `error`. */
export class LiveOperation implements Subscriber {
  readonly #context: FrontContext;
  readonly #connection: Connection;
  readonly #id: string;
  readonly #prefix: Buffer;
  readonly #operation: PreparedOperation;
  readonly #abort = new AbortController();
  #membership: Membership | undefined;
  #hasEnded = false;
  #isAudited: boolean;

  constructor(context: FrontContext, connection: Connection, id: string, operation: PreparedOperation) {
    this.#context = context;
    this.#connection = connection;
    this.#id = id;
    this.#prefix = nextPrefix(id);
    this.#operation = operation;
    this.#isAudited = operation.subscription === undefined;
  }

  get credentials(): Credentials {
    return this.#connection.credentials;
  }

  get memberId(): string {
    return this.credentials.actor.id;
  }

  get isFull(): boolean {
    return this.#connection.isFull;
  }

  start(): void {
    if (this.#operation.subscription) this.#join();
    else void this.#execute();
  }

  send(payload: Buffer): void {
    if (this.#hasEnded) return;
    if (!this.#isAudited) this.#audit();
    this.notify(payload);
  }

  notify(payload: Buffer): void {
    if (!this.#hasEnded) this.#connection.write(nextFrame(this.#prefix, payload));
  }

  /** The client does not want it any more, or is gone. */
  cancel(): void {
    if (!this.#finish()) return;
    // A mutation may be half done; only its answer is dropped.
    if (this.#operation.type === 'query') this.#abort.abort();
  }

  end(errors: readonly GraphQLError[]): void {
    if (this.#finish()) this.#connection.sendErrors(this.#id, errors);
  }

  complete(): void {
    if (this.#finish()) this.#connection.send({ id: this.#id, type: MessageType.Complete });
  }

  overflow(): void {
    this.end([
      codedError('SLOW_CONSUMER', 'The socket was not read fast enough, and these events cannot be replayed.'),
    ]);
  }

  drained(): void {
    this.#membership?.drained();
  }

  credentialsRenewed(haveRightsChanged: boolean): void {
    if (!this.#membership) return;
    if (!haveRightsChanged) return this.#membership.renewed();
    const { position } = this.#membership;
    this.#membership.leave();
    this.#join(position);
  }

  /** What was refused has no event to send, and was not opened. */
  #audit(): void {
    this.#isAudited = true;
    const { field } = this.#operation.subscription!;
    const { clientAddress, userAgent } = this.#connection;
    this.#context.audit.opened(field, this.credentials.actor, { clientAddress, userAgent });
  }

  #join(from?: number): void {
    const { subscription } = this.#operation;
    try {
      this.#membership = this.#context.hub.join(this, { ...this.#operation, subscription: subscription! }, from);
    } catch (error) {
      this.end([error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })]);
    }
  }

  async #execute(): Promise<void> {
    const { document, operationName, variables } = this.#operation;
    try {
      const { authorization } = this.credentials;
      const result = await this.#context.engine.execute({
        document,
        operationName,
        variables,
        authorization,
        clientAddress: this.#connection.clientAddress,
        userAgent: this.#connection.userAgent,
        signal: this.#abort.signal,
      });
      this.send(Buffer.from(JSON.stringify(this.#context.formatResult(result))));
      this.complete();
    } catch (error) {
      this.end([new GraphQLError('', { originalError: error as Error })]);
    }
  }

  #finish(): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#membership?.leave();
    this.#connection.operationEnded(this.#id);
    return true;
  }
}
