import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('architectures, through boto3', () => boto3Checks('architectures.py'));
