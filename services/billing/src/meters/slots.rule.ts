/** The order of what is counted: first by the time of delivery. */
export interface Position {
  deliveredAt: Date;
  messageId: string;
}

/** Slots fill up one after the other. The last has no end. */
export interface SlotState {
  readonly sizes: number[];
  readonly counts: number[];
  /** Of each slot that has some: the position of its last one. */
  readonly last: (Position | undefined)[];
}

/** Puts one more where it belongs. A slot may have too many then, whose last ones belong into the next. */
export function takeSlot({ sizes, counts, last }: SlotState, position: Position): number {
  const slot = counts.findIndex((count, index) => {
    const end = last[index];
    if (end && isBefore(position, end)) return true;
    const isLastUsed = counts.slice(index + 1).every((behind) => behind === 0);
    return isLastUsed && count < sizes[index]!;
  });
  counts[slot]! += 1;
  const end = last[slot];
  if (!end || isBefore(end, position)) last[slot] = position;
  return slot;
}

/** How many came before a slot, at the least: the volume by which a tier is found. */
export function placeOf(slot: number, sizes: readonly number[]): number {
  return sizes.slice(0, slot).reduce((sum, size) => sum + size, 0);
}

export function isBefore(a: Position, b: Position): boolean {
  const difference = a.deliveredAt.getTime() - b.deliveredAt.getTime();
  return difference === 0 ? a.messageId < b.messageId : difference < 0;
}
