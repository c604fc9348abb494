import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BodyTooLargeError, createLogger, sendJson, type Service } from '@fenster/runtime';
import { Agent } from 'undici';
import type { Config } from './config.js';
import { answerControl } from './control/control.js';
import { graphErrorBody, unknownPath } from './graph/graph-error.js';
import { answerDialog360 } from './dialog360/dialog360.router.js';
import { answerGraph } from './graph/router.js';
import { isLocalHost, readCall } from './http/http.js';
import { createSimulatedTime, type SimulatedTime } from './time.js';
import { createWorld } from './world.js';

export interface Overrides {
  time?: SimulatedTime;
}

/** A WhatsApp in memory: the Graph API, phones that write, and the webhooks of both. Never for production. */
export async function createService(config: Config, overrides: Overrides = {}): Promise<Service> {
  const time = overrides.time ?? createSimulatedTime(config.startAt ? { startAt: config.startAt } : {});
  const log = createLogger('sandbox', config.logLevel);
  const dispatcher = new Agent();
  const world = createWorld({ config, time, log, dispatcher, url: () => service.url });

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    if (!isLocalHost(request.headers.host))
      return sendJson(response, 403, { error: 'The sandbox answers to local names only.' });
    const call = readCall(request, response);
    if (await answerDialog360(world, call)) return;
    if (await answerGraph(world, call)) return;
    if (await answerControl(world, call)) return;
    const error = unknownPath();
    sendJson(response, error.status, graphErrorBody(error));
  };

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      const isTooLarge = error instanceof BodyTooLargeError;
      if (!isTooLarge) log.error({ err: error }, 'request failed');
      const status = isTooLarge ? 413 : 500;
      if (response.headersSent) response.destroy();
      else sendJson(response, status, graphErrorBody({ status, code: 1, message: 'An unknown error occurred' }));
    });
  });
  server.keepAliveTimeout = 75_000;

  const service: Service = {
    name: 'sandbox',
    get url() {
      const address = server.address() as AddressInfo | null;
      if (!address) throw new Error('The sandbox has not been started.');
      return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${address.port}`;
    },
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.host, resolve);
      }),
    async stop() {
      time.stop();
      world.webhooks.stop();
      world.sender.stop();
      world.live.stop();
      if (server.listening) {
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
      }
      await dispatcher.destroy();
    },
  };
  return service;
}
