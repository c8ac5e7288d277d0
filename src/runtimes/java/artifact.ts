/** A jar in a Maven repository, and the only content that is taken for it. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  readonly sha256Hex: string;
}

export function jarOf({ name, version }: Artifact): string {
  return `${name}-${version}.jar`;
}
