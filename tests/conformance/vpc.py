from checks import *

OUTBOUND, OTHER, NOWHERE, GROUP = 'subnet-0aaaaaaaaaaaaaaa1', 'subnet-0aaaaaaaaaaaaaaa2', 'subnet-0bbbbbbbbbbbbbbbb', 'sg-0cccccccccccccccc'
# What a function can do with its network: be invoked, call Hearth, and open a way out.
REACH = '''
import os, socket, urllib.error, urllib.request
def handler(event, context):
    try:
        urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"])
    except urllib.error.HTTPError as answer:
        answer.close()
    interfaces = [name for _, name in socket.if_nameindex()]
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=0.2).close()
        error = None
    except OSError as failure:
        error = type(failure).__name__ if not isinstance(failure, TimeoutError) else "timeout"
        error = os.strerror(failure.errno) if failure.errno else error
    return {"interfaces": interfaces, "error": error, "resolver": open("/etc/resolv.conf").read()}
'''


def config(*subnets, groups=(GROUP,)):
    return {'SubnetIds': list(subnets), 'SecurityGroupIds': list(groups)}


def not_found(operation, code, what):
    return f'Error occurred while {operation}. EC2 Error Code: {code}.NotFound. EC2 Error Message: The {what} does not exist'


@check('VpcConfig is shown with its VpcId, replaced as a whole, and detached by empty lists')
def _():
    api = client()
    shown = create(api, 'attached', VpcConfig=config(OUTBOUND))['VpcConfig']
    matches('vpc-[0-9a-f]{17}', shown['VpcId'])
    expected = {**config(OUTBOUND), 'VpcId': shown['VpcId'], 'Ipv6AllowedForDualStack': False}
    equal(shown, expected)
    api.update_function_configuration(FunctionName='attached', VpcConfig={}, Description='other')
    updated(api, 'attached')
    equal(api.get_function_configuration(FunctionName='attached')['VpcConfig'], expected)
    api.update_function_configuration(FunctionName='attached', VpcConfig=config(OUTBOUND, OTHER))
    updated(api, 'attached')
    equal(api.get_function_configuration(FunctionName='attached')['VpcConfig'], {**expected, 'SubnetIds': [OUTBOUND, OTHER]})
    equal(api.list_functions()['Functions'][0]['VpcConfig']['VpcId'], shown['VpcId'])
    api.update_function_configuration(FunctionName='attached', VpcConfig=config(groups=()))
    updated(api, 'attached')
    detached = {'SubnetIds': [], 'SecurityGroupIds': [], 'VpcId': '', 'Ipv6AllowedForDualStack': False}
    equal(api.get_function_configuration(FunctionName='attached')['VpcConfig'], detached)


@check('in a subnet that stands for none a function reaches Hearth and nothing else, also when it is put there later')
def _():
    api = client()
    more = {'Timeout': 20, 'MemorySize': 512}
    create(api, 'nowhere', REACH, VpcConfig=config(NOWHERE), **more)
    expected = {'interfaces': ['lo'], 'error': 'Network is unreachable', 'resolver': ''}
    equal(result(api, 'nowhere'), expected)
    create(api, 'out', REACH, VpcConfig=config(OUTBOUND), **more)
    equal('eth0' in result(api, 'out')['interfaces'], True)
    api.update_function_configuration(FunctionName='out', VpcConfig=config(NOWHERE))
    updated(api, 'out')
    equal(result(api, 'out'), expected)
    create(api, 'outside', REACH, **more)
    equal('eth0' in result(api, 'outside')['interfaces'], True)


@check('unknown subnets and groups are refused as AWS does, and lists of which one is empty')
def _():
    api = client()
    make = lambda vpc: lambda: api.create_function(**definition('wrong', VpcConfig=vpc))
    invalid(api, make(config('subnet-0123456789abcdef0')), not_found('DescribeSubnets', 'InvalidSubnetID', "subnet ID 'subnet-0123456789abcdef0'"))
    invalid(api, make(config(OUTBOUND, groups=('sg-1',))), not_found('DescribeSecurityGroups', 'InvalidGroup', "security group 'sg-1'"))
    invalid(api, make(config(OUTBOUND, groups=())), 'SubnetIds and SecurityIds must coexist or be both empty list.')
    invalid(api, make({'SubnetIds': [OUTBOUND]}), 'SubnetIds and SecurityIds must coexist or be both empty list.')
    invalid(api, make(config(OUTBOUND, NOWHERE)), 'The subnets stand for different networks of this machine (hearth start --subnet).')
    text = 'Hearth does not implement CreateFunction: VpcConfig.Ipv6AllowedForDualStack. Leave it out: functions have IPv4.'
    refused(api, make({**config(OUTBOUND), 'Ipv6AllowedForDualStack': True}), 501, 'NotImplemented', text)
    missing(api, lambda: api.get_function(FunctionName='wrong'), f"Function not found: {arn('wrong')}")


@check('EC2 describes subnets, security groups and the VPC that functions show')
def _():
    api, ec2 = client(), client('ec2')
    create(api, 'shown', VpcConfig=config(OUTBOUND))
    vpc_id = api.get_function_configuration(FunctionName='shown')['VpcConfig']['VpcId']
    subnets = ec2.describe_subnets()['Subnets']
    equal([subnet['SubnetId'] for subnet in subnets], [OUTBOUND, OTHER, NOWHERE])
    equal({subnet['VpcId'] for subnet in subnets}, {vpc_id})
    equal([subnet['Tags'][0]['Value'] for subnet in subnets], ['outbound', 'outbound', 'none'])
    equal([subnet['SubnetId'] for subnet in ec2.describe_subnets(SubnetIds=[NOWHERE, OUTBOUND])['Subnets']], [OUTBOUND, NOWHERE])
    by = lambda name, *values: [{'Name': name, 'Values': list(values)}]
    equal(len(ec2.describe_subnets(Filters=by('subnet-id', 'subnet-0a*', 'x'))['Subnets']), 2)
    equal(ec2.describe_subnets(Filters=by('vpc-id', 'vpc-other'))['Subnets'], [])
    groups = ec2.describe_security_groups(Filters=by('vpc-id', vpc_id))['SecurityGroups']
    equal([(group['GroupId'], group['VpcId'], group['IpPermissions']) for group in groups], [(GROUP, vpc_id, [])])
    equal(groups[0]['IpPermissionsEgress'][0]['IpRanges'], [{'CidrIp': '0.0.0.0/0'}])
    vpcs = ec2.describe_vpcs(VpcIds=[vpc_id])['Vpcs']
    equal([(vpc['VpcId'], vpc['IsDefault'], vpc['OwnerId']) for vpc in vpcs], [(vpc_id, False, ACCOUNT)])
    other = client('ec2', region='eu-west-1').describe_vpcs()['Vpcs'][0]['VpcId']
    equal(other == vpc_id, False)


@check("EC2's errors are in EC2's words, and what is not there is refused by name")
def _():
    ec2 = client('ec2')

    def failing(call, status, code, text):
        try:
            call()
        except botocore.exceptions.ClientError as failure:
            error = failure.response['Error']
            return equal((ec2.wire.status, error['Code'], error['Message']), (status, code, text))
        raise AssertionError('it succeeded')

    failing(lambda: ec2.describe_subnets(SubnetIds=['subnet-1']), 400, 'InvalidSubnetID.NotFound', "The subnet ID 'subnet-1' does not exist")
    failing(lambda: ec2.describe_security_groups(GroupIds=['sg-1']), 400, 'InvalidGroup.NotFound', "The security group 'sg-1' does not exist")
    failing(lambda: ec2.describe_vpcs(VpcIds=['vpc-1']), 400, 'InvalidVpcID.NotFound', "The vpc ID 'vpc-1' does not exist")
    failing(lambda: ec2.describe_instances(), 501, 'NotImplemented', 'Hearth does not implement DescribeInstances.')
    text = 'Hearth does not implement DescribeSubnets: the filter tag:Name.'
    failing(lambda: ec2.describe_subnets(Filters=[{'Name': 'tag:Name', 'Values': ['x']}]), 501, 'NotImplemented', text)
    text = 'Hearth does not implement DescribeVpcs: MaxResults. Leave it out: all are given at once.'
    failing(lambda: ec2.describe_vpcs(MaxResults=5), 501, 'NotImplemented', text)


run()
