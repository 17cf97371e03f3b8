"""The messages of the SPIFFE Workload API, declared in a table (its standard, 5.1 and 6.1).

They are in a pool of their own, so that a library that brings the same names along, as clients of
the API do, does not clash with them.
"""

from typing import Any, NamedTuple

from google.protobuf import struct_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MessageOptions,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

SERVICE = "SpiffeWorkloadAPI"
_FILE = "seawall/workload_api.proto"
_STRUCT = "google.protobuf.Struct"


class _Field(NamedTuple):
    name: str
    number: int
    kind: str
    """``string``, ``bytes``, ``map`` (texts to bytes), or the name of a message."""
    repeated: bool = False


_MESSAGES: dict[str, tuple[_Field, ...]] = {
    "X509SVIDRequest": (),
    "X509SVIDResponse": (
        _Field("svids", 1, "X509SVID", repeated=True),
        _Field("crl", 2, "bytes", repeated=True),
        _Field("federated_bundles", 3, "map"),
    ),
    "X509SVID": (
        _Field("spiffe_id", 1, "string"),
        _Field("x509_svid", 2, "bytes"),
        _Field("x509_svid_key", 3, "bytes"),
        _Field("bundle", 4, "bytes"),
        _Field("hint", 5, "string"),
    ),
    "X509BundlesRequest": (),
    "X509BundlesResponse": (
        _Field("crl", 1, "bytes", repeated=True),
        _Field("bundles", 2, "map"),
    ),
    "JWTSVIDRequest": (
        _Field("audience", 1, "string", repeated=True),
        _Field("spiffe_id", 2, "string"),
    ),
    "JWTSVIDResponse": (_Field("svids", 1, "JWTSVID", repeated=True),),
    "JWTSVID": (
        _Field("spiffe_id", 1, "string"),
        _Field("svid", 2, "string"),
        _Field("hint", 3, "string"),
    ),
    "JWTBundlesRequest": (),
    "JWTBundlesResponse": (_Field("bundles", 1, "map"),),
    "ValidateJWTSVIDRequest": (
        _Field("audience", 1, "string"),
        _Field("svid", 2, "string"),
    ),
    "ValidateJWTSVIDResponse": (
        _Field("spiffe_id", 1, "string"),
        _Field("claims", 2, _STRUCT),
    ),
}
_SCALARS = {"string": FieldDescriptorProto.TYPE_STRING, "bytes": FieldDescriptorProto.TYPE_BYTES}


def _add_field(message: DescriptorProto, own: _Field) -> None:
    many = own.repeated or own.kind == "map"
    label = FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL
    if own.kind in _SCALARS:
        kind = _SCALARS[own.kind]
        message.field.add(name=own.name, number=own.number, label=label, type=kind)
        return
    kind, of = FieldDescriptorProto.TYPE_MESSAGE, f".{own.kind}"
    if own.kind == "map":
        of = f".{message.name}.{_add_entry(message, own.name)}"
    message.field.add(name=own.name, number=own.number, label=label, type=kind, type_name=of)


def _add_entry(message: DescriptorProto, field: str) -> str:
    """The message of the entries of a map, as protoc makes it."""
    name = "".join(map(str.capitalize, field.split("_"))) + "Entry"
    entry = message.nested_type.add(name=name, options=MessageOptions(map_entry=True))
    _add_field(entry, _Field("key", 1, "string"))
    _add_field(entry, _Field("value", 2, "bytes"))
    return name


def _declared() -> dict[str, Any]:
    file = FileDescriptorProto(name=_FILE, syntax="proto3")
    file.dependency.append(struct_pb2.DESCRIPTOR.name)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for own in fields:
            _add_field(message, own)
    pool = DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return {name: GetMessageClass(pool.FindMessageTypeByName(name)) for name in _MESSAGES}


_CLASSES = _declared()


def message(name: str, /, **fields: Any) -> Any:
    """A message of a type, with some fields set."""
    return _CLASSES[name](**fields)


def reader(name: str) -> Any:
    """What reads a message of a type from bytes."""
    return _CLASSES[name].FromString
