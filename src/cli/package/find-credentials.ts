import type { PackageEntry } from './read-folder.ts';

const patterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/],
  ['an AWS secret key', /aws_secret_access_key["']?\s*[:=]\s*["']?[A-Za-z0-9/+=]{40}\b/i],
  ['a private key', /-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----/],
  ['a GitHub token', /\bgh[pousr]_[A-Za-z0-9]{36}\b/],
  ['a Slack token', /\bxox[abprs]-[A-Za-z0-9-]{20,}\b/],
];

const suspectName = /(?:passw(?:or)?d|secret|api_?key|token)$/i;
const SCANNED_BYTES = 1024 * 1024;

/** Sentences that warn of credentials about to be deployed, in files and in environment variables. */
export function findCredentials(
  entries: readonly PackageEntry[],
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  return [
    ...entries.flatMap((entry) =>
      found(Buffer.from(entry.content.subarray(0, SCANNED_BYTES)).toString('latin1')).map(
        (what) => `${entry.path} contains ${what}`,
      ),
    ),
    ...Object.entries(environment).flatMap(([name, value]) => {
      const known = found(value).map((what) => `environment variable ${name} contains ${what}`);
      const suspect = known.length === 0 && suspectName.test(name) && value.length >= 8;
      return suspect
        ? [`environment variable ${name} looks like a secret: everyone who may read the function can read it`]
        : known;
    }),
  ];
}

function found(content: string): string[] {
  return patterns.filter(([, pattern]) => pattern.test(content)).map(([what]) => what);
}
