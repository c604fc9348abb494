import type { Provider, ProviderCredentials } from '../provider.js';
import type { GraphAccess } from './graph-access.js';
import { deleteMedia, fetchMedia, uploadMedia, type MediaOptions } from './media.js';
import { updateProfile } from './number.js';
import { uploadFile } from './resumable-upload.js';
import { markRead, sendMessage, showTyping } from './send.js';
import { parseRawWebhook } from './webhook.js';
import type { ProviderOptions } from '../provider-options.js';

/** What Meta's own API and that of partners have in common: all but who may post webhooks, and what is told of numbers. */
export function createGraphMethods<C extends ProviderCredentials>(
  options: ProviderOptions,
  accessOf: (credentials: C) => GraphAccess,
) {
  const media: MediaOptions = { ...options, dispatcher: options.mediaDispatcher ?? options.dispatcher };
  return {
    parse: ({ rawBody }) => parseRawWebhook(rawBody),
    send: (message, credentials) => sendMessage(message, accessOf(credentials), options),
    markRead: (providerMessageId, credentials) => markRead(providerMessageId, accessOf(credentials), options),
    showTyping: (providerMessageId, credentials) => showTyping(providerMessageId, accessOf(credentials), options),
    profile: {
      update: (change, credentials) => updateProfile(change, accessOf(credentials), options),
      uploadPicture: (appId, file, credentials, signal) =>
        uploadFile(appId, file, accessOf(credentials), options, signal),
    },
    fetchMedia: (providerMediaId, credentials, signal) =>
      fetchMedia(providerMediaId, accessOf(credentials), media, signal),
    uploadMedia: (file, credentials, signal) => uploadMedia(file, accessOf(credentials), media, signal),
    deleteMedia: (providerMediaId, credentials) => deleteMedia(providerMediaId, accessOf(credentials), options),
  } satisfies Partial<Provider<C>>;
}
