export interface PlacedMessage {
  providerMessageId: string;
  sentAt: Date;
}

/**
 * Where the imported messages of a thread stand, all of them: 0 for the newest, -1, -2, … backwards in time, so before
 * everything that was written since the number was connected, and without touching it. Providers tell seconds, so ids
 * decide between what was written within one. The same messages have the same places in whatever order they came.
 */
export function placesOf(messages: readonly PlacedMessage[]): Map<string, number> {
  const inOrder = messages.toSorted(
    (one, other) =>
      other.sentAt.getTime() - one.sentAt.getTime() || (one.providerMessageId < other.providerMessageId ? 1 : -1),
  );
  return new Map(inOrder.map(({ providerMessageId }, index) => [providerMessageId, 0 - index]));
}
