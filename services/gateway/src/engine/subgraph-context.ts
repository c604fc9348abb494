/** What travels from an operation to the calls that it makes to subgraphs. A fresh object for every execution: loaders cache on it. */
export interface SubgraphContext {
  /** Goes to subgraphs as HTTP header and as WebSocket connection parameter alike. */
  readonly authorization: string | undefined;
  /** Of the client; goes with the HTTP calls of its queries and mutations. */
  readonly clientAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Completing an event is no read by the person whose token is used for it. */
  readonly isForEvent?: boolean;
  /** Goes with every HTTP call, so that the logs of all services tell of one operation under one id. */
  readonly correlationId: string;
  /** Limit of each HTTP call, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends HTTP calls and subscriptions of the operation. */
  readonly signal?: AbortSignal;
}
