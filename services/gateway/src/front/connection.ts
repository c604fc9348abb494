import type { Duplex } from 'node:stream';
import type { GraphQLError } from 'graphql';
import { MessageType, parseMessage, type Message, type SubscribePayload } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { AuthenticationError } from '@fenster/auth';
import type { Logger } from '@fenster/runtime';
import type { Engine } from '../engine/engine.js';
import { codedError, type FormatError, type FormatResult } from '../operation/results.js';
import { documentIdOf, type DocumentRequest, type Prepare } from '../operation/trusted-documents.js';
import type { SubscriptionAudit } from '../audit/subscription-audit.js';
import type { RateLimits } from '../rate-limit/rate-limits.js';
import { keepAlive } from '../sockets/keep-alive.js';
import { Outbox } from '../sockets/outbox.js';
import { untilNextToken } from '../api-keys/api-key-tokens.js';
import { CloseCode } from './close-codes.js';
import type { Credentials, CredentialsVerifier } from '../credentials.js';
import { textFrame } from './frame.js';
import type { Hub } from './hub.js';
import { LiveOperation } from './live-operation.js';

export interface FrontLimits {
  /** From the opening of a socket to a valid `connection_init`, whatever else it sends. */
  connectionInitTimeoutMs: number;
  /** Between pings of the server. */
  keepAliveMs: number;
  maxOperationsPerSocket: number;
  /** Bytes that wait for a client to read, before it counts as lagging. */
  outgoingBufferBytes: number;
  /** How long a client may not read. */
  slowSocketTimeoutMs: number;
}

export interface FrontContext {
  engine: Engine;
  prepare: Prepare;
  hub: Hub;
  credentials: CredentialsVerifier;
  audit: SubscriptionAudit;
  rateLimits: RateLimits;
  formatResult: FormatResult;
  formatError: FormatError;
  limits: FrontLimits;
  log: Logger;
}

/** The longest reason that fits a close frame. */
const MAX_REASON_BYTES = 123;
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One socket speaking graphql-transport-ws. Besides the protocol: a `ping` with the payload `{"authorization": "Bearer …"}` renews the
 * token of the same member, and the socket ends with its token.
 */
export class Connection {
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly #context: FrontContext;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #operations = new Map<string, LiveOperation>();
  #hasBegun = false;
  #credentials: Credentials | undefined;
  #tokenEnd: NodeJS.Timeout | undefined;

  constructor(
    context: FrontContext,
    socket: WebSocket,
    raw: Duplex,
    client: { address: string | undefined; userAgent: string | undefined },
  ) {
    const { limits } = context;
    this.clientAddress = client.address;
    this.userAgent = client.userAgent;
    this.#context = context;
    this.#socket = socket;
    this.#outbox = new Outbox(raw, {
      maxBytes: limits.outgoingBufferBytes,
      maxFullMs: limits.slowSocketTimeoutMs,
      onDrained: () => this.#drained(),
      onBlocked: () => this.#blocked(),
    });
    keepAlive(socket, limits.keepAliveMs);
    const initTimer = setTimeout(
      () => this.close(CloseCode.initialisationTimeout, 'Connection initialisation timeout'),
      limits.connectionInitTimeoutMs,
    );
    socket.on('message', (data, isBinary) => {
      this.#receive(data, isBinary, initTimer);
    });
    socket.on('error', (error) => context.log.debug({ err: error }, 'socket error'));
    socket.once('close', () => {
      clearTimeout(initTimer);
      clearTimeout(this.#tokenEnd);
      this.#endOperations();
    });
  }

  get credentials(): Credentials {
    return this.#credentials!;
  }

  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  write(frame: Buffer): void {
    this.#outbox.write(frame);
    // Whoever does not read answers gets no more of them to wait for.
    if (this.#outbox.isFull) this.#socket.pause();
  }

  send(message: Message): void {
    this.write(textFrame(JSON.stringify(message)));
  }

  close(code: number, reason: string): void {
    this.#endOperations();
    // Its answer to the close frame must be read.
    this.#socket.resume();
    this.#socket.close(
      code,
      Buffer.byteLength(reason) > MAX_REASON_BYTES ? reason.slice(0, MAX_REASON_BYTES / 3) : reason,
    );
    // A client that does not read does not answer either.
    setTimeout(() => this.#socket.terminate(), 2_000).unref();
  }

  /** Rights or sessions have changed somewhere; perhaps those of this socket. */
  recheck(): void {
    if (this.#credentials && this.#context.credentials.areRevoked(this.#credentials))
      this.close(CloseCode.forbidden, 'Rights have changed or the session has ended: renew the token, connect again');
  }

  operationEnded(id: string): void {
    this.#operations.delete(id);
  }

  #receive(data: RawData, isBinary: boolean, initTimer: NodeJS.Timeout): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let message: Message;
    try {
      if (isBinary) throw new Error('Messages are text');
      message = parseMessage(withQuery(JSON.parse((data as Buffer).toString())));
    } catch (error) {
      return this.close(
        CloseCode.badRequest,
        error instanceof SyntaxError ? 'Message is not JSON' : (error as Error).message,
      );
    }
    switch (message.type) {
      case MessageType.ConnectionInit:
        if (this.#hasBegun)
          return this.close(CloseCode.tooManyInitialisationRequests, 'Too many initialisation requests');
        this.#hasBegun = true;
        return void this.#authenticate(authorizationOf(message.payload), (credentials) => {
          clearTimeout(initTimer);
          const { rateLimits } = this.#context;
          // A socket that is signed in is its member's.
          rateLimits.ofAddress(this.clientAddress).giveBack();
          const limited = rateLimits.ofActor(credentials.actor).take();
          if (limited) return this.close(CloseCode.tryAgainLater, limited.message);
          this.#accept(credentials);
          this.send({ type: MessageType.ConnectionAck });
        });
      case MessageType.Ping:
        if (this.#credentials && authorizationOf(message.payload) !== undefined) {
          return void this.#authenticate(authorizationOf(message.payload), (credentials) => {
            this.#renew(credentials);
            this.send({ type: MessageType.Pong });
          });
        }
        return this.send({ type: MessageType.Pong, payload: message.payload });
      case MessageType.Pong:
        return;
      case MessageType.Subscribe:
        if (!this.#credentials) return this.close(CloseCode.unauthorized, 'Unauthorized');
        return this.#subscribe(message.id, message.payload);
      case MessageType.Complete:
        this.#operations.get(message.id)?.cancel();
        return void this.#operations.delete(message.id);
      default:
        return this.close(CloseCode.badRequest, `Unexpected message of type ${message.type} received`);
    }
  }

  async #authenticate(authorization: unknown, onAccepted: (credentials: Credentials) => void): Promise<void> {
    try {
      const credentials = await this.#context.credentials.verify(authorization);
      if (this.#socket.readyState === this.#socket.OPEN) onAccepted(credentials);
    } catch (error) {
      if (error instanceof AuthenticationError) return this.close(CloseCode.forbidden, 'Forbidden');
      this.#context.log.error({ err: error }, 'tokens cannot be verified');
      this.close(CloseCode.tryAgainLater, 'Tokens cannot be verified at present');
    }
  }

  #accept(credentials: Credentials): void {
    const { apiKey, expiresAt } = credentials;
    const isLast = this.#credentials !== undefined && expiresAt <= this.#credentials.expiresAt;
    this.#credentials = credentials;
    clearTimeout(this.#tokenEnd);
    const remainingMs = Math.min(expiresAt.getTime() - Date.now(), MAX_TIMER_MS);
    this.#tokenEnd =
      apiKey === undefined || isLast
        ? setTimeout(() => this.close(CloseCode.forbidden, 'Token expired'), remainingMs)
        : // A program has no session to renew: its socket lives as long as its key.
          setTimeout(
            () => void this.#authenticate(apiKey, (renewed) => this.#renew(renewed)),
            untilNextToken(remainingMs),
          );
  }

  #renew(credentials: Credentials): void {
    const before = this.credentials.actor;
    const { actor } = credentials;
    if (actor.id !== before.id || actor.workspaceId !== before.workspaceId) {
      return this.close(CloseCode.forbidden, 'A token is renewed for the same member only');
    }
    const haveRightsChanged = credentials.rights !== this.credentials.rights;
    this.#accept(credentials);
    for (const operation of this.#operations.values()) operation.credentialsRenewed(haveRightsChanged);
  }

  #subscribe(id: string, payload: SubscribePayload): void {
    if (this.#operations.has(id))
      return this.close(CloseCode.subscriberAlreadyExists, `Subscriber for ${id} already exists`);
    if (this.#operations.size >= this.#context.limits.maxOperationsPerSocket) {
      return this.sendErrors(id, [
        codedError(
          'TOO_MANY_OPERATIONS',
          `A socket may have ${this.#context.limits.maxOperationsPerSocket} operations at a time.`,
        ),
      ]);
    }
    const limited = this.#context.rateLimits.ofActor(this.credentials.actor).take();
    if (limited) return this.sendErrors(id, [limited]);
    const prepared = this.#context.prepare(payload);
    if ('errors' in prepared) return this.sendErrors(id, prepared.errors);
    const operation = new LiveOperation(this.#context, this, id, prepared.operation);
    this.#operations.set(id, operation);
    operation.start();
  }

  sendErrors(id: string, errors: readonly GraphQLError[]): void {
    this.send({ id, type: MessageType.Error, payload: errors.map(this.#context.formatError) });
  }

  #endOperations(): void {
    for (const operation of this.#operations.values()) operation.cancel();
    this.#operations.clear();
  }

  #drained(): void {
    this.#socket.resume();
    for (const operation of [...this.#operations.values()]) operation.drained();
  }

  #blocked(): void {
    this.#context.log.warn({ memberId: this.#credentials?.actor.id }, 'closing a socket that does not read');
    this.close(CloseCode.slowConsumer, 'Slow consumer');
  }
}

/** The protocol demands a query of every `subscribe`; one that names its document needs none. */
function withQuery(message: unknown): unknown {
  const { type, payload } = (message ?? {}) as { type?: unknown; payload?: DocumentRequest & { query?: unknown } };
  const isById = type === MessageType.Subscribe && payload?.query === undefined && documentIdOf(payload ?? {});
  return isById ? { ...(message as object), payload: { ...payload, query: '' } } : message;
}

/** Written like a header by some clients, GraphiQL's header editor among them. */
function authorizationOf(payload: Record<string, unknown> | undefined): unknown {
  return payload?.authorization ?? payload?.Authorization;
}
