import { transact, type Ctx } from '@fenster/database';
import type { z } from 'zod';
import { channelConnection, connectChannel } from './channels/channel.commands.js';

/** The number of the demo workspace, at the sandbox. */
export const demoChannel = channelConnection.extend({
  name: channelConnection.shape.name.default('WhatsApp'),
  wabaId: channelConnection.shape.wabaId.default('419561257915477'),
  appId: channelConnection.shape.appId.default('670843887433847'),
  apiVersion: channelConnection.shape.apiVersion.default('v26.0'),
  currency: channelConnection.shape.currency.default('EUR'),
  timeZone: channelConnection.shape.timeZone.default('Europe/Berlin'),
});
export type DemoChannel = z.input<typeof demoChannel>;

export async function seedDemoChannel(ctx: Ctx, secretKey: Buffer, input: DemoChannel): Promise<{ channelId: string }> {
  const connection = demoChannel.parse(input);
  return { channelId: await transact(ctx, (tx) => connectChannel(tx, secretKey, connection)) };
}
