import { awsEnv, run } from './programs.ts';

/** One version of the AWS CLI that talks to one server. */
export interface AwsCli {
  /** The parsed output; rejects with what the CLI printed when it failed. */
  call(...args: readonly string[]): Promise<unknown>;
  /** What the CLI printed when it failed; rejects when it did not. */
  failure(...args: readonly string[]): Promise<string>;
}

export function awsCli(
  program: string,
  { endpoint, cwd }: { readonly endpoint: string; readonly cwd: string },
): AwsCli {
  const start = (args: readonly string[]) =>
    run([program, '--endpoint-url', endpoint, '--output', 'json', ...args], { env: awsEnv(endpoint), cwd });
  return {
    async call(...args) {
      const { code, stdout, stderr } = await start(args);
      if (code !== 0) throw new Error(`aws ${args.join(' ')}\n${stderr}`);
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    },
    async failure(...args) {
      const { code, stdout, stderr } = await start(args);
      if (code === 0) throw new Error(`aws ${args.join(' ')} did not fail: ${stdout}`);
      return stderr.trim();
    },
  };
}
