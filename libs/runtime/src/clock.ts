/** Time is an input: rules and commands never read the system clock themselves. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
