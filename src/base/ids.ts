import { randomBytes, randomUUID } from 'node:crypto';

/** The only source of random identifiers; tests pass a sequence of their own. */
export interface Ids {
  /** A version 4 UUID in lower case. */
  uuid(): string;
  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string;
}

export const randomIds: Ids = {
  uuid: () => randomUUID(),
  hex: (length) =>
    randomBytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length),
};
