import { transact, type Ctx } from '@fenster/database';
import type { z } from 'zod';
import { connectChannel } from './channels/channel.commands.js';
import { cloudConnection, toCloudConnection } from './channels/connect-whatsapp.js';

/** The number of the demo workspace, at the sandbox. */
export const demoChannel = cloudConnection.extend({
  name: cloudConnection.shape.name.default('WhatsApp'),
  wabaId: cloudConnection.shape.wabaId.default('419561257915477'),
  appId: cloudConnection.shape.appId.default('670843887433847'),
  apiVersion: cloudConnection.shape.apiVersion.default('v26.0'),
  currency: cloudConnection.shape.currency.default('EUR'),
  timeZone: cloudConnection.shape.timeZone.default('Europe/Berlin'),
});
export type DemoChannel = z.input<typeof demoChannel>;

export async function seedDemoChannel(ctx: Ctx, secretKey: Buffer, input: DemoChannel): Promise<{ channelId: string }> {
  const connection = toCloudConnection(demoChannel.parse(input));
  return { channelId: await transact(ctx, (tx) => connectChannel(tx, secretKey, connection)) };
}
