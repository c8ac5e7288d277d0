import { createHash } from 'node:crypto';
import {
  type AwsError,
  awsError,
  type FunctionVersion,
  type Scope,
  type VpcSettings,
} from '../model/index.ts';

/** Where a subnet's functions get: `outbound` as functions outside every VPC, `none` nowhere but to Hearth. */
export type SubnetNetwork = 'outbound' | 'none';

/** What the operator says of networks; the same for all accounts and regions. */
export interface VpcOptions {
  readonly subnets: ReadonlyMap<string, SubnetNetwork>;
  readonly securityGroups: readonly string[];
}

/** `VpcConfig`: which network of this machine a subnet stands for. */
export class Vpc {
  readonly #options: VpcOptions;
  readonly #isolates: boolean;

  /** `isolates`: whether the sandbox can keep a function from the network. */
  constructor(options: VpcOptions, isolates: boolean) {
    this.#options = options;
    this.#isolates = isolates;
  }

  get subnets(): VpcOptions['subnets'] {
    return this.#options.subnets;
  }

  get securityGroups(): readonly string[] {
    return this.#options.securityGroups;
  }

  /** Throws AWS's `InvalidParameterValueException` where the settings cannot be; empty lists detach. */
  admit({ subnetIds, securityGroupIds }: VpcSettings): void {
    if ((subnetIds.length === 0) !== (securityGroupIds.length === 0)) {
      throw invalid('SubnetIds and SecurityIds must coexist or be both empty list.');
    }
    const subnet = subnetIds.find((id) => !this.#options.subnets.has(id));
    if (subnet !== undefined) throw notFound('DescribeSubnets', 'InvalidSubnetID', `subnet ID '${subnet}'`);
    const group = securityGroupIds.find((id) => !this.#options.securityGroups.includes(id));
    if (group !== undefined)
      throw notFound('DescribeSecurityGroups', 'InvalidGroup', `security group '${group}'`);
    const networks = new Set(subnetIds.map((id) => this.#options.subnets.get(id)));
    if (networks.size > 1) {
      throw invalid('The subnets stand for different networks of this machine (hearth start --subnet).');
    }
    if (networks.has('none') && !this.#isolates) {
      throw invalid(
        'The process sandbox keeps no function from the network: subnets that stand for none take the oci sandbox (hearth doctor).',
      );
    }
  }

  /** The network of a version; one whose subnet the operator does not name any more gets nowhere. */
  networkOf({ vpc }: FunctionVersion): SubnetNetwork {
    if (vpc === undefined || vpc.subnetIds.length === 0) return 'outbound';
    const networks = vpc.subnetIds.map((id) => this.#options.subnets.get(id) ?? 'none');
    return networks.every((network) => network === 'outbound') ? 'outbound' : 'none';
  }
}

/** One VPC for each account and region, by a name that stays. */
export function vpcIdOf({ account, region }: Scope): string {
  const digits = createHash('sha256').update(`vpc ${account} ${region}`).digest('hex');
  return `vpc-0${digits.slice(0, 16)}`;
}

/** As Lambda passes on what EC2 answers (observed.md, 49). */
function notFound(operation: string, code: string, what: string): AwsError {
  return invalid(
    `Error occurred while ${operation}. EC2 Error Code: ${code}.NotFound. EC2 Error Message: The ${what} does not exist`,
  );
}

function invalid(message: string): AwsError {
  return awsError('InvalidParameterValueException', message);
}
