"""Functions, versions, aliases and layers through boto3: waiters, paginators, exceptions by name. Prints "ok" at the end."""

import io
import json
import os
import urllib.request
import zipfile

import boto3
from botocore.exceptions import ClientError

RUNTIME = os.environ["TEST_RUNTIME"]
ROLE = "arn:aws:iam::000000000000:role/any"
client = boto3.client("lambda")


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return stream.getvalue()


def says(text):
    return zipped(app=f"def handler(event, context):\n    return {text!r}\n")


def answer(name, **more):
    response = client.invoke(FunctionName=name, **more)
    assert "FunctionError" not in response, response["Payload"].read()
    return json.loads(response["Payload"].read())


def fails(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error.response
    raise AssertionError(f"{call} did not fail")


created = client.create_function(
    FunctionName="boto", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code={"ZipFile": says("one")}
)
assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
assert created["State"] == "Pending" and created["StateReasonCode"] == "Creating"
client.get_waiter("function_exists").wait(FunctionName="boto")
client.get_waiter("function_active").wait(FunctionName="boto")
client.get_waiter("function_active_v2").wait(FunctionName="boto")
assert answer("boto") == "one"

conflict = fails(
    "ResourceConflictException",
    client.create_function,
    FunctionName="boto",
    Runtime=RUNTIME,
    Handler="app.handler",
    Role=ROLE,
    Code={"ZipFile": says("one")},
)
assert conflict["Error"]["Message"] == "Function already exist: boto" and conflict["Type"] == "User"

updated = client.update_function_code(FunctionName="boto", ZipFile=says("two"), Publish=True)
assert (updated["Version"], updated["State"]) == ("1", "Pending")
client.get_waiter("published_version_active").wait(FunctionName="boto", Qualifier="1")
client.get_waiter("function_updated_v2").wait(FunctionName="boto")
changed = client.update_function_configuration(FunctionName="boto", MemorySize=256)
assert changed["LastUpdateStatus"] == "InProgress" and changed["MemorySize"] == 256
client.get_waiter("function_updated").wait(FunctionName="boto")
assert client.publish_version(FunctionName="boto")["Version"] == "2"

client.create_alias(FunctionName="boto", Name="live", FunctionVersion="1")
client.update_alias(FunctionName="boto", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
ran = {client.invoke(FunctionName="boto", Qualifier="live")["ExecutedVersion"] for _ in range(30)}
assert ran == {"1", "2"}, ran
pages = client.get_paginator("list_versions_by_function").paginate(
    FunctionName="boto", PaginationConfig={"PageSize": 1}
)
assert [page["Versions"][0]["Version"] for page in pages] == ["$LATEST", "1", "2"]

layer = client.publish_layer_version(LayerName="boto-layer", Content={"ZipFile": zipped(python__shared="NAME = 'layer'\n")})
assert urllib.request.urlopen(layer["Content"]["Location"]).read()[:2] == b"PK"
client.update_function_configuration(FunctionName="boto", Layers=[layer["LayerVersionArn"]])
client.get_waiter("function_updated_v2").wait(FunctionName="boto")
client.update_function_code(
    FunctionName="boto", ZipFile=zipped(app="import shared\ndef handler(event, context):\n    return shared.NAME\n")
)
client.get_waiter("function_updated_v2").wait(FunctionName="boto")
assert answer("boto") == "layer"
client.delete_layer_version(LayerName="boto-layer", VersionNumber=1)
fails("ResourceNotFoundException", client.get_layer_version, LayerName="boto-layer", VersionNumber=1)

fails("PreconditionFailedException", client.update_function_code, FunctionName="boto", ZipFile=says("x"), RevisionId="x")
fails("InvalidParameterValueException", client.update_function_code, FunctionName="boto", ZipFile=b"no zip")
assert client.delete_function(FunctionName="boto")["ResponseMetadata"]["HTTPStatusCode"] == 204
missing = fails("ResourceNotFoundException", client.delete_function, FunctionName="boto")
assert missing["Error"]["Message"] == "Function not found: arn:aws:lambda:us-east-1:000000000000:function:boto"
print("ok")
