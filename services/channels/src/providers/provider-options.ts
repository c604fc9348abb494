import type { Dispatcher } from 'undici';
import type { ExchangeOptions } from './exchange.js';

export interface ProviderOptions extends ExchangeOptions {
  /** For files, so that these cannot hold up messages; else they share the connections. */
  mediaDispatcher?: Dispatcher;
}
