import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('tenant isolation, through boto3', () => boto3Checks('tenants.py'));
