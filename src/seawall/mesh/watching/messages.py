"""What a proxy streams its counters in (Envoy's metrics service), declared in a table.

Only the fields that are read are there; a library of protobuf passes over others. They are in a
pool of their own, so that nobody else's declaration clashes with them.
"""

from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

SERVICE = "envoy.service.metrics.v3.MetricsService"
METHOD = "StreamMetrics"
_PACKAGE, _FILE = "seawall.metrics", "seawall/metrics.proto"
_SCALARS = {
    "string": FieldDescriptorProto.TYPE_STRING, "double": FieldDescriptorProto.TYPE_DOUBLE
}  # fmt: skip


class _Field(NamedTuple):
    name: str
    number: int
    kind: str
    """A scalar, or the name of a message."""
    repeated: bool = False


# Numbers as in metrics_service.proto and io.prometheus.client's metrics.proto.
_MESSAGES: dict[str, tuple[_Field, ...]] = {
    "Streamed": (_Field("families", 2, "Family", repeated=True),),
    "Family": (_Field("name", 1, "string"), _Field("metrics", 4, "Metric", repeated=True)),
    "Metric": (_Field("gauge", 2, "Value"), _Field("counter", 3, "Value")),
    "Value": (_Field("value", 1, "double"),),
}


def _add_field(message: DescriptorProto, own: _Field) -> None:
    label = (
        FieldDescriptorProto.LABEL_REPEATED if own.repeated else FieldDescriptorProto.LABEL_OPTIONAL
    )
    if own.kind in _SCALARS:
        message.field.add(
            name=own.name, number=own.number, label=label, type=_SCALARS[own.kind]
        )  # fmt: skip
        return
    message.field.add(
        name=own.name, number=own.number, label=label, type=FieldDescriptorProto.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.{own.kind}",
    )  # fmt: skip


def _declared() -> Any:
    file = FileDescriptorProto(name=_FILE, package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for own in fields:
            _add_field(message, own)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Streamed"))


Streamed: Any = _declared()
"""A message of the stream: ``families`` with a name and ``metrics``."""
