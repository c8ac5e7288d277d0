import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('provisioned concurrency, through boto3', () => boto3Checks('provisioned_concurrency.py'));
