import { runtimeStanding } from '../model/index.ts';

/** What has to be on the machine for a runtime. */
export type RuntimeFamily =
  | { readonly kind: 'nodejs'; readonly major: string }
  | { readonly kind: 'python'; readonly minor: string }
  /** `8`, `11`, `17`, `21`, `25`. */
  | { readonly kind: 'java'; readonly major: string }
  | { readonly kind: 'provided'; readonly system: 'al2' | 'al2023' }
  /** AWS has it; Hearth has nothing that would start it. */
  | { readonly kind: 'absent'; readonly language: string };

/** Newest first within a language: the order in which lists show them. */
export const runnableIdentifiers: readonly string[] = [
  'nodejs24.x',
  'nodejs22.x',
  'nodejs20.x',
  'nodejs18.x',
  'nodejs16.x',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python3.9',
  'python3.8',
  'java25',
  'java21',
  'java17',
  'java17.al2023',
  'java11',
  'java11.al2023',
  'java8.al2',
  'java8.al2023',
  'provided.al2023',
  'provided.al2',
];

const absentLanguages = [
  ['dotnet', '.NET'],
  ['ruby', 'Ruby'],
] as const;

/** Whether AWS runs it and Hearth has no bootstrap for its language, whatever is installed. */
export function isWithoutBootstrap(identifier: string): boolean {
  return familyOf(identifier)?.kind === 'absent';
}

/** Undefined for what AWS itself no longer takes or never knew. */
export function familyOf(identifier: string): RuntimeFamily | undefined {
  if (runtimeStanding(identifier) !== 'accepted') return undefined;
  const node = /^nodejs(\d+)\.x$/.exec(identifier)?.[1];
  if (node !== undefined) return { kind: 'nodejs', major: node };
  const python = /^python(3\.\d+)$/.exec(identifier)?.[1];
  if (python !== undefined) return { kind: 'python', minor: python };
  const java = /^java(\d+)(?:\.al2|\.al2023)?$/.exec(identifier)?.[1];
  if (java !== undefined) return { kind: 'java', major: java };
  if (identifier === 'provided.al2') return { kind: 'provided', system: 'al2' };
  if (identifier === 'provided.al2023') return { kind: 'provided', system: 'al2023' };
  const language = absentLanguages.find(([prefix]) => identifier.startsWith(prefix))?.[1];
  return { kind: 'absent', language: language ?? identifier };
}
