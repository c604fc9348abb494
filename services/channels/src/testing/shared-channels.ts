import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startChannels, type Channels } from './channels.js';
import { startGraphStub, type GraphStub } from './graph-stub.js';

/**
 * For the tests of a file: a service, and a Graph API that takes everything, told to `use` before the first of them. The
 * service's clock is `ahead` by so many milliseconds.
 */
export function shareChannels(use: (channels: Channels, graph: GraphStub) => void): { ahead: number; now(): Date } {
  const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead) };
  let channels: Channels | undefined;
  let graph: GraphStub | undefined;
  beforeAll(async () => {
    graph = await startGraphStub();
    channels = await startChannels({ now: clock.now, channel: { apiBaseUrl: graph.url } });
    use(channels, graph);
  });
  afterAll(async () => {
    await channels?.stop();
    await graph?.stop();
  });
  beforeEach(() => {
    graph!.calls.length = 0;
    graph!.onCall = (call) => call.accept();
  });
  return clock;
}
