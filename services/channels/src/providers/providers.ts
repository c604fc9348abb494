import type { ChannelCapabilities } from '@fenster/contracts';
import type { ChannelKind } from './channel-kind.js';
import type { AdapterDescription, Provider } from './provider.js';
import type { ThreemaOptions } from './threema/credentials.js';
import { createThreemaProvider, THREEMA } from './threema/threema.provider.js';
import type { TwilioOptions } from './twilio-sms/credentials.js';
import { createTwilioSmsProvider, TWILIO_SMS } from './twilio-sms/twilio-sms.provider.js';
import {
  createWhatsApp360DialogProvider,
  WHATSAPP_360DIALOG,
} from './whatsapp-360dialog/whatsapp-360dialog.provider.js';
import { createWhatsAppCloudProvider, WHATSAPP_CLOUD } from './whatsapp-cloud/whatsapp-cloud.provider.js';

/** Of each kind of channel, the adapter that carries its messages. */
export type Providers = Readonly<Record<ChannelKind, Provider>>;

export function createProviders(options: TwilioOptions & ThreemaOptions): Providers {
  return {
    WHATSAPP_CLOUD: createWhatsAppCloudProvider(options),
    WHATSAPP_360DIALOG: createWhatsApp360DialogProvider(options),
    TWILIO_SMS: createTwilioSmsProvider(options),
    THREEMA: createThreemaProvider(options),
  };
}

export const ADAPTERS: Readonly<Record<ChannelKind, AdapterDescription>> = {
  WHATSAPP_CLOUD,
  WHATSAPP_360DIALOG,
  TWILIO_SMS,
  THREEMA,
};

export function capabilitiesOf(kind: ChannelKind): ChannelCapabilities {
  return ADAPTERS[kind].capabilities;
}
